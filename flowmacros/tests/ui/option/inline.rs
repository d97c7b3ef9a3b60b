use flowrt::prelude::*;

#[task]
async fn one(n: u32) -> Result<u32> {
    Ok(n)
}

#[flow(inline, concurrency = 4, schedule = "0 10 * * *", retry_delay = "1s")]
async fn options() -> Result<u32> {
    one(1).await
}

#[flow(inline, retries = 2)]
async fn changes(pages: &mut Vec<u32>, (a, b): (u32, u32)) -> Result<u32> {
    pages.push(a);
    one(b).await
}

struct Account;

impl Account {
    #[flow(inline, retries = 2, timeout = "soon")]
    async fn ends(self) -> Result<u32> {
        one(1).await
    }
}

fn main() {}
