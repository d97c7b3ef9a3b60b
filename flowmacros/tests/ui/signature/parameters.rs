use flowrt::prelude::*;

#[task]
async fn fetch(
    &self,
    url: &str,
    lines: &[String],
    (low, high): (u32, u32),
    _: u32,
    done: impl Fn() + Send + 'static,
    names: Vec<&str>,
) -> Result<u32> {
    Ok(low + high)
}

fn main() {}
