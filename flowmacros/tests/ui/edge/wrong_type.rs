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
    let text = two(x, 7);
    let y = one(text);
    let z: u64 = one(y);
    one("z")
}

fn main() {}
