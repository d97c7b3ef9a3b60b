use flowrt::prelude::*;

async fn download(_url: String) -> Result<String> {
    Ok(String::new())
}

#[flow]
async fn report(url: String) -> Result<String> {
    let text = download(url).await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let ready = async { std::future::ready(1).await }.await;
    Ok(format!("{text} {ready}"))
}

fn main() {}
