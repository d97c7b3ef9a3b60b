use flowrt::prelude::*;

#[task]
async fn one(x: u32) -> Result<u32> {
    Ok(x)
}

#[task]
async fn two(x: u32, y: String) -> Result<String> {
    Ok(format!("{x}{y}"))
}

fn helper(x: u32) -> u32 {
    x
}

#[flow]
fn report(x: u32) -> Result<u32> {
    let y = helper(x);
    one(y)
}

#[flow]
fn words(x: u32) -> Result<String> {
    let text = String::from("x");
    two(x, text)
}

#[flow]
fn value(x: u32) -> Result<u32> {
    let double = |x: u32| x * 2;
    let y = double(x);
    one(y)
}

#[flow]
fn fanned(x: u32) -> Result<Vec<u32>> {
    let all = map(0..x, |page| page + 1);
    all
}

fn main() {}
