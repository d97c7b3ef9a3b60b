use flowrt::prelude::*;

#[task]
async fn one(x: u32) -> Result<u32> {
    Ok(x)
}

#[task]
async fn two(x: u32, y: String) -> Result<String> {
    Ok(format!("{x}{y}"))
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Big(u32);

#[task]
async fn make(x: u32) -> Result<Big> {
    Ok(Big(x))
}

#[task]
async fn take(big: Big) -> Result<u32> {
    Ok(big.0)
}

#[flow]
fn once(x: u32) -> Result<u32> {
    let big = make(x);
    take(big)
}

#[flow]
fn twice(x: u32) -> Result<u32> {
    let big = make(x);
    take(big);
    take(big)
}

fn main() {}
