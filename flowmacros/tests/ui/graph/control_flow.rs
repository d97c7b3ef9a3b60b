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
    let first = one(pages)?;
    let second = one(pages).await;
    for page in 0..pages {
        one(page);
    }
    while first > 3 {
        let x = one(first);
    }
    if pages > 3 {
        return one(1);
    }
    let Some(third) = pages.checked_sub(1) else {
        panic!("none");
    };
    one(third + second)
}

fn main() {}
