use flowrt::prelude::*;

#[task]
async fn one(x: u32) -> Result<u32> {
    Ok(x)
}

#[task]
async fn two(x: u32, y: String) -> Result<String> {
    Ok(format!("{x}{y}"))
}

#[flow]
fn report(x: u32) -> Result<u32> {
    let first = one(x);
    let doubled = first * 2;
    one(first).on(Trigger::AllDone);
    one(doubled).on(Trigger::OneSuccess);
    let tried = one(x).attempt();
    let fine = two(tried.unwrap_or(0), "x".into()).on(Trigger::AllDone);
    let _ = fine;
    first
}

fn main() {}
