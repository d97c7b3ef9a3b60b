//! Resources: set up once, checked before use, torn down.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use flowrt::prelude::*;

use super::{program, said};
use crate::until::until_some;

static MADE: AtomicU32 = AtomicU32::new(0);

/// What the others need.
#[derive(Debug)]
struct Settings {
    address: String,
}

#[resource]
async fn settings() -> Result<Settings> {
    MADE.fetch_add(1, Ordering::SeqCst);
    // Others ask meanwhile.
    tokio::task::yield_now().await;
    Ok(Settings {
        address: "db.example".to_owned(),
    })
}

/// Takes another resource.
#[derive(Debug)]
struct Pool {
    address: String,
    number: u32,
}

static POOLS: AtomicU32 = AtomicU32::new(0);
static IS_ILL: AtomicBool = AtomicBool::new(false);
static GONE: Mutex<Vec<u32>> = Mutex::new(Vec::new());

#[resource(health = is_alive, health_every = "0s", drop = close)]
fn pool(#[resource] settings: &Settings) -> Result<Pool> {
    let number = POOLS.fetch_add(1, Ordering::SeqCst) + 1;
    Ok(Pool {
        address: settings.address.clone(),
        number,
    })
}

async fn is_alive(_: &Pool) -> Result<(), String> {
    if IS_ILL.swap(false, Ordering::SeqCst) {
        return Err("the connection is gone".to_owned());
    }
    Ok(())
}

async fn close(pool: &Pool) -> Result<()> {
    GONE.lock().expect("no panic inside").push(pool.number);
    Ok(())
}

#[task]
async fn ask_pool(
    #[resource] pool: &Pool,
    #[resource] settings: &Settings,
    number: u32,
) -> Result<String> {
    assert_eq!(pool.address, settings.address);
    Ok(format!("{} {number}", pool.number))
}

#[flow]
fn ask_pool_often(times: u32) -> Result<Vec<String>> {
    map(0..times, |number| ask_pool(number))
}

#[tokio::test]
async fn a_resource_is_made_once_and_again_only_if_it_is_ill() {
    let engine = Engine::open("memory:").await.unwrap();
    let answers = engine.run(ask_pool_often(50)).await.unwrap();
    assert!(
        answers.iter().all(|answer| answer.starts_with("1 ")),
        "{answers:?}"
    );
    assert_eq!(MADE.load(Ordering::SeqCst), 1);
    IS_ILL.store(true, Ordering::SeqCst);
    let answers = engine.run(ask_pool_often(20)).await.unwrap();
    assert!(
        answers.iter().all(|answer| answer.starts_with("2 ")),
        "{answers:?}"
    );
    until_some(async || (!GONE.lock().unwrap().is_empty()).then_some(())).await;
    assert_eq!(*GONE.lock().unwrap(), [1], "the ill one is torn down");
    assert_eq!(MADE.load(Ordering::SeqCst), 1);
}

#[derive(Debug)]
struct Hen;

#[derive(Debug)]
struct Egg;

#[resource]
fn hen(#[resource] _egg: &Egg) -> Hen {
    Hen
}

#[resource]
fn egg(#[resource] _hen: &Hen) -> Egg {
    Egg
}

#[task]
async fn breed(#[resource] _hen: &Hen) -> Result<u32> {
    Ok(1)
}

#[flow]
async fn farm() -> Result<u32> {
    breed().await
}

#[tokio::test]
async fn a_circle_is_said_and_not_waited_for() {
    let engine = Engine::open("memory:").await.unwrap();
    let error = engine.run(farm()).await.unwrap_err();
    assert_eq!(
        error.message(),
        "resources need each other in a circle: hen → egg → hen"
    );
}

/// The program's resource has a secret, and its end is written down by the program before it exits.
#[test]
fn a_resource_has_a_secret_and_is_torn_down_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = program(folder.path(), &["run", "connected"]);
    let (output, text) = said(
        command
            .env("SERVER_TOKEN", "server-value-8")
            .env("FLOWRT_LOG", "trace"),
    );
    assert!(output.status.success(), "{text}");
    assert!(!text.contains("server-value-8"), "{text}");
    assert_eq!(
        std::fs::read_to_string(folder.path().join("closed")).unwrap(),
        "14 bytes"
    );
}
