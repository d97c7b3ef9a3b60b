//! `serve`: the API, the page and a worker, in one process, until Ctrl-C or SIGTERM.

use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use futures_util::FutureExt;
use serde_json::json;
use tokio::net::TcpListener;

use super::command::{text, wants_json};
use super::interrupt::Shutdown;
use super::{print, store_place, worker};
use crate::clock;
use crate::config::{self, Config};
use crate::error::{Error, ErrorKind, Result};
use crate::ops::Engine;
use crate::server::{self, Access, State};

/// Where it listens if nobody says.
const PORT: u16 = 4242;

/// Its command line.
pub(super) fn command() -> Command {
    worker::options(Command::new("serve"))
        .about("Serve the API and the page, and drive runs, until Ctrl-C")
        .arg(
            Arg::new("port")
                .long("port")
                .value_name("N")
                .value_parser(value_parser!(u16))
                .help(format!(
                    "The port; 0 for one that is free [default: {PORT}]"
                )),
        )
        .arg(
            Arg::new("host")
                .long("host")
                .value_name("HOST")
                .default_value("127.0.0.1")
                .help("The address to listen on; others than this machine need a token"),
        )
        .arg(
            Arg::new("new-token")
                .long("new-token")
                .action(ArgAction::SetTrue)
                .help("Make a token, print it with what goes into flowrt.toml, and serve nothing"),
        )
}

/// Serves until it is told to end.
///
/// # Errors
/// If the store cannot be used, or the address cannot be listened on.
pub(super) async fn run(matches: &ArgMatches) -> Result<ExitCode> {
    if matches.get_flag("new-token") {
        return new_token(wants_json(matches));
    }
    let work = worker::work(matches);
    work.check()?;
    let shutdown = Shutdown::listen();
    let listener = listen(matches).await?;
    let engine = store_place::open(matches).await?;
    let shutdown = shutdown.of(&engine).shared();
    engine.remember_flows().await?;
    engine.deploy_own().await?;
    let settings = settings(&engine)?;
    let access = Access::of_hashes(&settings.token_hashes)?;
    access.check(listener.local_addr()?)?;
    say(&listener, matches)?;
    let served = server::run(
        State::new(engine.clone(), access, (&settings).into()),
        listener,
        shutdown.clone(),
    );
    let worked = engine.work(work, shutdown.clone());
    let scheduled = engine.schedule(shutdown);
    // If one cannot go on, the others must not go on without it.
    let ended = futures_util::try_join!(served, worked, scheduled);
    engine.close().await?;
    ended.map(|_| ExitCode::SUCCESS)
}

async fn listen(matches: &ArgMatches) -> Result<TcpListener> {
    let port = matches.get_one::<u16>("port").copied().unwrap_or(PORT);
    let host = text(matches, "host");
    TcpListener::bind((host, port)).await.map_err(|error| {
        Error::new(
            ErrorKind::Input,
            format!("{host}:{port} cannot be listened on: {error}"),
        )
        .hint("choose another: --port N, or --port 0 for one that is free")
    })
}

/// Who is let in, and how many at a time, as the settings of the store say.
fn settings(engine: &Engine) -> Result<config::Server> {
    let url = engine.url();
    let config = Config::of_store(url.strip_prefix("sqlite:").map(Path::new))?;
    Ok(config.server)
}

/// The token is shown once and kept nowhere; its hash is enough to know it again.
fn new_token(as_json: bool) -> Result<ExitCode> {
    let token = clock::new_token();
    let hash = blake3::hash(token.as_bytes()).to_hex();
    if as_json {
        print::json(&json!({ "token": token, "hash": hash.as_str() }))?;
        return Ok(ExitCode::SUCCESS);
    }
    print::data(&token)?;
    print::note(&format!(
        "it is not shown again; who has it is let in where flowrt.toml says\n\n[server]\ntoken_hashes = [\"{hash}\"]"
    ));
    Ok(ExitCode::SUCCESS)
}

/// Programs read the address from stdout, people on stderr.
fn say(listener: &TcpListener, matches: &ArgMatches) -> Result<()> {
    let address: SocketAddr = listener.local_addr()?;
    if wants_json(matches) {
        return print::json(&json!({ "url": format!("http://{address}") }));
    }
    print::note(&format!("serving http://{address}  ·  Ctrl-C ends it"));
    Ok(())
}
