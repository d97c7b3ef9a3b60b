use flowrt::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Region {
    name: String,
}

#[flow]
async fn report(region: Region) -> Result<String> {
    Ok(region.name)
}

fn main() {}
