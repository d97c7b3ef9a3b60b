use flowrt::prelude::*;

fn is_throttled(error: &flowrt::Error) -> bool {
    error.message().contains("429")
}

fn about_text(message: &str) -> bool {
    message.is_empty()
}

#[task(retry_rules = [(is_throttled, 20, "1s..5m"), (is_throttled, 5), (is_throttled, 0, "1s, 10s")])]
async fn right() -> Result<u32> {
    Ok(1)
}

#[task(retry_rules = (is_throttled, 20))]
async fn no_list() -> Result<u32> {
    Ok(1)
}

#[task(retry_rules = [is_throttled, (is_throttled, "often"), (is_throttled, 3, "5s..1s"), (is_throttled, 3, "soon")])]
async fn no_rules() -> Result<u32> {
    Ok(1)
}

#[task(retry_rules = [(about_text, 3)])]
async fn other_function() -> Result<u32> {
    Ok(1)
}

#[flow(retry_rules = [(is_throttled, 3)])]
async fn on_a_flow() -> Result<u32> {
    right().await
}

fn main() {}
