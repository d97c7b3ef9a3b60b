use flowrt::prelude::*;

fn transient(message: &str) -> bool {
    message.contains("again")
}

fn shout() {}

fn key_of(page: &String) -> String {
    page.clone()
}

#[task(retry_if = transient, on_failure = shout, cache = "1h", cache_key = key_of)]
async fn one(page: u32) -> Result<u32> {
    Ok(page)
}

#[task]
async fn takes_a_number(number: u32) -> Result<()> {
    let _ = number;
    Ok(())
}

#[task]
async fn undoes_text(page: u32, result: String) -> Result<()> {
    let _ = (page, result);
    Ok(())
}

#[task(on_success = takes_a_number, rollback = undoes_text)]
async fn three(page: u32) -> Result<u32> {
    Ok(page)
}

#[task]
async fn tell(outcome: flowrt::Outcome) -> Result<()> {
    let _ = outcome;
    Ok(())
}

#[task]
async fn undo(page: u32, result: u32) -> Result<()> {
    let _ = (page, result);
    Ok(())
}

#[task(on_failure = tell, rollback = undo)]
async fn right(page: u32) -> Result<u32> {
    Ok(page)
}

#[flow(on_failure = shout, on_cancel = takes_a_number, on_crash = tell)]
async fn two() -> Result<u32> {
    one(1).await
}

fn main() {}
