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
    let sent = one(x).after(sent);
    one(1).after(send);
    one(2).after(one(3));
    sent
}

fn main() {}
