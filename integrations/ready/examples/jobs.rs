//! Programs, requests and statements as tasks of a flow: `cargo run -p flowrt-ready --example jobs -- run nightly`.

use flowrt::prelude::*;
use flowrt_ready::{Shell, Sql, once, shell, sql};

/// Lets a script make numbers, and books them in a database.
#[flow]
async fn nightly(
    #[arg(default = "jobs.db")] database: String,
    #[arg(default = "echo making numbers >&2; echo '[3, 4, 5]'")] script: String,
) -> Result<u64> {
    let numbers: Vec<i64> = shell(Shell::script(script)).retries(2).await?.json()?;
    let mut booking =
        Sql::on(database).run_also("CREATE TABLE IF NOT EXISTS sale (amount INTEGER)");
    for number in numbers {
        booking = booking.run_with("INSERT INTO sale VALUES (?1)", number.into());
    }
    Ok(sql(booking).await?.changes)
}

/// Runs one script.
#[flow]
async fn script(text: String) -> Result<String> {
    Ok(shell(Shell::script(text)).await?.last)
}

/// Books a payment, once. While the file begins with its amount, the process dies: after the commit, before the record.
#[task]
fn pay(database: String, deaths: String, amount: i64, ctx: &TaskContext) -> Result<i64> {
    let paid = once(ctx, database, |transaction| {
        transaction.execute_batch("CREATE TABLE IF NOT EXISTS payment (amount INTEGER)")?;
        transaction.execute("INSERT INTO payment VALUES (?1)", [amount])?;
        Ok(transaction.last_insert_rowid())
    })?;
    let left = std::fs::read_to_string(&deaths).unwrap_or_default();
    if let Some(fewer) = left.strip_prefix(&format!("{amount} ")) {
        std::fs::write(&deaths, fewer)?;
        std::process::abort();
    }
    Ok(paid)
}

/// Pays three times.
#[flow]
async fn payments(database: String, deaths: String) -> Result<i64> {
    let mut last = 0;
    for amount in [10, 20, 30] {
        last = pay(database.clone(), deaths.clone(), amount).await?;
    }
    Ok(last)
}

flowrt::main!();
