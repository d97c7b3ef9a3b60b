use flowrt::prelude::*;

#[flow]
async fn report(json: bool, no_wait: bool, #[arg(flag = "store")] place: String, max_pages: u32, #[arg(flag = "max-pages")] more: u32) -> Result<u32> {
    let _ = (json, no_wait, place, more);
    Ok(max_pages)
}

fn main() {}
