use flowrt::prelude::*;

#[flow]
async fn report(#[arg(default = "ten")] pages: u32, #[arg(default = 3)] region: String) -> Result<u32> {
    drop(region);
    Ok(pages)
}

fn main() {}
