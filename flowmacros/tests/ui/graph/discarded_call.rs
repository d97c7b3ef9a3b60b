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
    let y = {
        one(x);
        x + 1
    };
    one(y)
}

fn main() {}
