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
fn offers_report(region: u32) -> Result<u32> {
    let rates = one(report.max(region));
    let offers = one(region);
    let report = one(offers + rates);
    report
}

#[flow]
fn longer(x: u32) -> Result<u32> {
    let first = one(third);
    let second = if x > 3 { one(first) } else { 7 };
    let third = one(second);
    third
}

#[flow]
fn by_order(x: u32) -> Result<()> {
    let sent = one(x).after(saved);
    let saved = one(sent);
}

#[flow]
fn itself() -> Result<u32> {
    let x = one(x);
    x
}

fn main() {}
