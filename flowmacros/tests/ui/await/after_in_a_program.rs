use flowrt::prelude::*;

#[task]
async fn notify(text: String) -> Result<()> {
    drop(text);
    Ok(())
}

#[flow]
async fn report() -> Result<()> {
    let sent = notify("one".into()).submit();
    notify("two".into()).after(sent).await?;
    notify("three".into()).on(Trigger::AllDone).await?;
    notify("four".into()).attempt().await?;
    Ok(())
}

fn main() {}
