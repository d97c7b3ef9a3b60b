use flowrt::prelude::*;

#[task]
async fn publish(token: Secret<String>) -> Result<()> {
    token.reveal()?;
    Ok(())
}

#[flow]
async fn program() -> Result<()> {
    let token = secret!("TOKEN")?;
    println!("{:?}", flowrt::secret!("TOKEN"));
    publish(token).await
}

#[flow]
fn graph() -> Result<()> {
    publish(flowrt::secret("TOKEN").unwrap())
}

fn main() {}
