use flowrt::prelude::*;

#[task]
async fn cancel_order(order: u32, receipt: String) -> Result<()> {
    let _ = (order, receipt);
    Ok(())
}

#[task(cache = "1h", rollback = cancel_order)]
async fn place_order(order: u32) -> Result<String> {
    Ok(order.to_string())
}

fn main() {}
