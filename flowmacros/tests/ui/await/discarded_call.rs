use flowrt::prelude::*;

#[task]
async fn notify() -> Result<()> {
    Ok(())
}

#[flow]
async fn report() -> Result<()> {
    notify();
    Ok(())
}

fn main() {}
