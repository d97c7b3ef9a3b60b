//! A program that gives a secret to everything that it can reach.

use flowrt::prelude::*;

/// What a body does with the value that it has.
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize, JsonSchema, PartialEq, Eq)]
enum Leak {
    /// Nothing.
    No,
    /// Fails with it in the message, in a cause and in a value of its own.
    Error,
    /// Panics with it.
    Panic,
    /// Returns it.
    Result,
}

/// An error that takes the value along.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Refused {
    token: String,
    header: Vec<String>,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the server refused {}", self.token)
    }
}

impl std::error::Error for Refused {}

/// In base64, as a header of basic authentication has it.
fn basic(token: &str) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for group in format!("user:{token}").as_bytes().chunks(3) {
        let bits = group
            .iter()
            .fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte))
            << (8 * (3 - group.len()));
        for place in 0..=group.len() {
            out.push(char::from(
                ALPHABET[(bits >> (18 - 6 * place) & 63) as usize],
            ));
        }
    }
    out
}

/// Says the value in every way, and then leaks it as told.
#[task(retries = 1, retry_delay = "10ms")]
async fn use_token(token: Secret<String>, leak: Leak) -> Result<String, Refused> {
    let value = token
        .reveal()
        .map_err(|error| Refused {
            token: error.to_string(),
            header: Vec::new(),
        })?
        .clone();
    let url: String = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
    tracing::info!("plain {value} debug {value:?} url {url} hidden {token:?}");
    tracing::trace!(token = %value, header = basic(&value), "sent");
    let span = tracing::info_span!("request", token = %value);
    span.in_scope(|| {
        tracing::warn!(
            json = serde_json::json!({ "token": value }).to_string(),
            "inside"
        )
    });
    match leak {
        Leak::No => Ok("fine".to_owned()),
        Leak::Error => Err(Refused {
            header: vec![basic(&value), url],
            token: value,
        }),
        Leak::Panic => panic!("cannot use {value} ({})", basic(&value)),
        Leak::Result => Ok(format!("it was {value}")),
    }
}

/// A token from a server: hidden, so that it may be a result.
#[task]
async fn log_in(token: Secret<String>) -> Result<Secret<String>> {
    Ok(Secret::new(format!("{}/session", token.reveal()?)))
}

/// How long it is, kept for a day.
#[task(cache = "24h")]
fn measure(token: Secret<String>) -> Result<usize> {
    tracing::info!("measures {}", token.reveal()?);
    Ok(token.reveal()?.len())
}

/// Measures it.
#[flow]
fn measured(token: Secret<String>) -> Result<usize> {
    measure(token)
}

/// Waits for a person.
#[flow]
async fn asked() -> Result<bool> {
    receive::<bool>("yes").await
}

/// Reads it by name.
#[task]
fn by_name(of: String) -> Result<usize> {
    let value = secret!(&of)?.reveal()?.clone();
    tracing::info!("by name {value}");
    Ok(value.len())
}

/// Gives the secret to tasks.
#[flow]
async fn leak(
    #[arg(env = "LEAK_TOKEN", help = "What is hidden")] token: Secret<String>,
    #[arg(default = Leak::No)] leak: Leak,
) -> Result<String> {
    tracing::info!("the flow has {token} {token:?}");
    let session = log_in(token.clone()).await?;
    use_token(session, Leak::No).await?;
    use_token(token, leak).await
}

/// The same without words.
#[flow]
fn named(of: String) -> Result<usize> {
    by_name(of)
}

/// Has them in a process of its own, and prints them.
#[task(isolate)]
#[allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what it prints becomes its log"
)]
fn apart(token: Secret<String>, of: String, leak: Leak) -> Result<Secret<String>> {
    let (value, named) = (token.reveal()?, secret!(&of)?.reveal()?.clone());
    println!("printed {value} and {named}");
    tracing::info!("logged {value} and {named}");
    match leak {
        Leak::No | Leak::Result => {}
        Leak::Error => return Err(format!("no use for {named}").into()),
        Leak::Panic => {
            eprintln!("dies with {named}");
            std::process::abort();
        }
    }
    Ok(Secret::new(format!("{value}+{named}")))
}

/// Returns in clear what it has read apart.
#[task(isolate)]
fn in_clear(of: String) -> Result<String> {
    Ok(secret!(&of)?.reveal()?.clone())
}

/// How long what it is given is.
#[task]
fn length(token: Secret<String>) -> Result<usize> {
    Ok(token.reveal()?.len())
}

/// Gives secrets to processes of their own, and takes one back.
#[flow]
async fn isolated(
    token: Secret<String>,
    of: String,
    #[arg(default = Leak::No)] leak: Leak,
) -> Result<usize> {
    let session = log_in(token).await?;
    let both = apart(session, of.clone(), leak).await?;
    if leak == Leak::Result {
        in_clear(of).await?;
    }
    length(both).await
}

/// Puts it into everything that it publishes. What is refused is no failure here.
#[task]
fn publish(ctx: &TaskContext, token: Secret<String>) -> Result<u32> {
    let value = token.reveal()?.clone();
    let row = [(value.as_str(), basic(&value))];
    ctx.artifact(
        "table",
        Artifact::table([&*value, "b"], row).describe(&*value),
    )?;
    let text = format!("# {value}\n{value:?} {}", basic(&value));
    ctx.artifact("text", Artifact::markdown(text))?;
    let link = format!("https://user:{value}@example.org/");
    ctx.artifact("link", Artifact::link(link, &*value))?;
    let mut refused = 0;
    for (key, artifact) in [
        (&*value, Artifact::markdown("x")),
        ("file", Artifact::file("a.txt", basic(&value))),
        (
            "image",
            Artifact::image("a.svg", format!("<svg>{value}</svg>")),
        ),
    ] {
        if let Err(error) = ctx.artifact(key, artifact) {
            tracing::warn!("{error:?}");
            refused += 1;
        }
    }
    ctx.artifact("named", Artifact::file(&*value, "x"))?;
    ctx.progress(1, 2);
    Ok(refused)
}

/// The same in a process of its own, which alone knows the value.
#[task(isolate)]
fn publish_apart(ctx: &TaskContext, of: String) -> Result<()> {
    let value = secret!(&of)?.reveal()?.clone();
    let text = format!("apart {value} {}", basic(&value));
    ctx.artifact("apart", Artifact::markdown(text).describe(&*value))
}

/// Would keep it in a file beside the store.
#[task]
fn keep(token: Secret<String>) -> Result<Stored<[u8]>> {
    Stored::bytes(format!("{}{}", "x".repeat(2_000_000), token.reveal()?))
}

/// Publishes it, and fails when it would keep it.
#[flow]
async fn published(token: Secret<String>, of: String) -> Result<u64> {
    assert_eq!(publish(token.clone()).await?, 3);
    publish_apart(of).await?;
    Ok(keep(token).await?.size())
}

/// What is open while the program runs.
#[derive(Debug)]
struct Server {
    token: Secret<String>,
}

#[resource(drop = hang_up)]
async fn server() -> Result<Server> {
    Ok(Server {
        token: secret!("SERVER_TOKEN")?,
    })
}

async fn hang_up(server: &Server) -> std::io::Result<()> {
    let length = server.token.reveal().map_or(0, String::len);
    std::fs::write("closed", format!("{length} bytes"))
}

/// Uses the server.
#[task]
async fn call(#[resource] server: &Server) -> Result<usize> {
    tracing::info!("calls with {}", server.token.reveal()?);
    Ok(server.token.reveal()?.len())
}

/// Calls once.
#[flow]
async fn connected() -> Result<usize> {
    call().await
}

flowrt::main!();
