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
    one(1).on(Trigger::OneFailed);
    one(2).after(x).on(Trigger::AllSkipped);
    one(x).on(Trigger::OnFailure)
}

fn main() {}
