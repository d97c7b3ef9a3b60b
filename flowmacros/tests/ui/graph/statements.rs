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
fn report(pages: u32) -> Result<u32> {
    #[cfg(unix)]
    let first = one(pages);
    let mut second = one(pages);
    let third = &second;
    fn inner() {}
    static FOURTH: u32 = 4;
    one(2).submit();
    one(third + FOURTH)
}

fn main() {}
