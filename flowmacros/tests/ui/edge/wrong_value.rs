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
fn call(x: u32) -> Result<String> {
    one(x)
}

#[flow]
fn value(x: u32) -> Result<String> {
    let y = one(x);
    Ok(y)
}

#[flow]
fn nothing(x: u32) -> Result<String> {
    one(x);
}

#[flow]
fn local(x: u32) -> Result<u32> {
    let shared = { std::rc::Rc::new(x) };
    one(*shared)
}

fn main() {}
