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
fn calls(x: u32) -> Result<u32> {
    let y = if x > 3 { one(x) } else { two(x, "a".into()) };
    one(1)
}

#[flow]
fn values(x: u32) -> Result<u32> {
    match x {
        0 => 1,
        _ => "many",
    }
}

#[flow]
fn no_else(x: u32) -> Result<()> {
    let y = if x > 3 { one(x) };
}

fn main() {}
