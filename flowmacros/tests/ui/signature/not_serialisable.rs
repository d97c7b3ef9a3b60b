use flowrt::prelude::*;

#[derive(Clone)]
struct Offer {
    #[allow(dead_code)]
    price: u32,
}

#[task]
async fn fetch(page: u32) -> Result<Vec<Offer>> {
    drop(page);
    Ok(Vec::new())
}

#[task]
async fn summarise(offers: Vec<Offer>) -> Result<usize> {
    Ok(offers.len())
}

#[flow]
async fn report(start: std::time::Instant) -> Result<u64> {
    Ok(start.elapsed().as_secs())
}

fn main() {}
