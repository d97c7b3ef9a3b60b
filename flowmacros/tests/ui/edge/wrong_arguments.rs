use flowrt::prelude::*;

#[task]
async fn fetch(region: String, page: u32) -> Result<Vec<u32>> {
    drop(region);
    Ok(vec![page])
}

#[task]
async fn total(numbers: Vec<u32>) -> Result<u32> {
    Ok(numbers.iter().sum())
}

#[flow]
async fn report(region: String) -> Result<u32> {
    let first = fetch(region.clone(), "1").await?;
    let second = fetch(region).await?;
    let third: u32 = total(first.len()).await?;
    let text: String = total(second).await?;
    Ok(third)
}

fn main() {}
