use flowrt::prelude::*;

#[flow(schedule = "0 10 * * *")]
async fn report(region: String, dry: bool, only: Option<String>, #[arg(default = 3)] pages: u32) -> Result<u32> {
    let _ = (region, dry, only);
    Ok(pages)
}

fn main() {}
