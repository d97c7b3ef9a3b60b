//! Tasks: generics and closures in bodies, context, resources, predicates, recursion, many arguments.

use flowrt::prelude::*;

limit!(pub(crate) OFFERS_API, "100 per minute", burst = 20, kind = bucket);

/// What tasks share.
#[derive(Debug)]
struct Db {
    rows: u32,
}

#[resource]
async fn db() -> Result<Db> {
    Ok(Db { rows: 40 })
}

fn transient(error: &Error) -> bool {
    error.message().contains("again")
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn key_of(number: &u32) -> String {
    number.to_string()
}

/// Counts the rows.
#[task(
    retries = 3,
    backoff = "1s..30s",
    jitter = "10%",
    retry_if = transient,
    timeout = "20s",
    limit = OFFERS_API,
    limit_key = number,
    cache = "24h",
    cache_key = key_of,
    queue = "big",
    priority = -1,
    durable = "power",
    on_crash = "park",
    on_failure = told,
)]
async fn count(number: u32, ctx: &TaskContext, #[resource] db: &Db) -> Result<u32> {
    Ok(number + db.rows + ctx.attempt())
}

#[task]
async fn told() -> Result<()> {
    Ok(())
}

#[task]
fn sorted(mut words: Vec<String>, ctx: &flowrt::TaskContext) -> Result<Vec<String>> {
    fn longest<T: AsRef<str>>(items: &[T]) -> usize {
        items
            .iter()
            .map(|item| item.as_ref().len())
            .max()
            .unwrap_or_default()
    }
    let width = longest(&words);
    words.sort_by_key(|word| width - word.len());
    words.truncate(usize::try_from(ctx.attempt())?);
    Ok(words)
}

/// A task that calls itself runs its plain body.
#[task]
async fn factorial(number: u64) -> Result<u64> {
    if number < 2 {
        return Ok(1);
    }
    Ok(number * factorial(number - 1).await?)
}

#[task]
#[allow(clippy::too_many_arguments, clippy::many_single_char_names)]
async fn twelve(
    a: u8,
    b: u8,
    c: u8,
    d: u8,
    e: u8,
    f: u8,
    g: u8,
    h: u8,
    i: u8,
    j: u8,
    k: u8,
    l: u8,
) -> Result<u8> {
    Ok(a + b + c + d + e + f + g + h + i + j + k + l)
}

#[tokio::test]
async fn bodies_are_given_what_they_ask_for() {
    assert_eq!(count(1).body().await.unwrap(), 42);
    assert_eq!(
        sorted(vec!["a".into(), "abc".into()]).body().await.unwrap(),
        ["abc"]
    );
    assert_eq!(factorial(5).body().await.unwrap(), 120);
    assert_eq!(
        twelve(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)
            .body()
            .await
            .unwrap(),
        12
    );
}
