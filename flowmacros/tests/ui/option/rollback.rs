use flowrt::prelude::*;

#[task]
async fn takes_text(page: u32, result: String) -> Result<()> {
    let _ = (page, result);
    Ok(())
}

#[task]
async fn takes_less(page: u32) -> Result<()> {
    let _ = page;
    Ok(())
}

#[task]
async fn takes_the_context(ctx: &TaskContext, page: u32, result: u32) -> Result<()> {
    let _ = (ctx.attempt(), page, result);
    Ok(())
}

fn no_task(page: u32, result: u32) {
    let _ = (page, result);
}

#[task(rollback = takes_text)]
async fn one(page: u32) -> Result<u32> {
    Ok(page)
}

#[task(rollback = takes_less)]
async fn two(page: u32) -> Result<u32> {
    Ok(page)
}

#[task(rollback = no_task)]
async fn three(page: u32) -> Result<u32> {
    Ok(page)
}

#[task(rollback = takes_the_context)]
async fn right(page: u32) -> Result<u32> {
    Ok(page)
}

fn main() {}
