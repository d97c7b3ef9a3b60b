use flowrt::prelude::*;

#[task]
const fn one() -> u32 {
    1
}

#[task]
unsafe fn two() -> u32 {
    2
}

#[task]
extern "C" fn three() -> u32 {
    3
}

#[flow]
async fn generic<T: Clone>(value: T) -> Result<T>
where
    T: Send,
{
    Ok(value)
}

#[task]
#[flow]
async fn both() -> Result<u32> {
    Ok(1)
}

#[flow]
async fn callers() -> Result<u32> {
    generic(1).await?;
    Ok(one().await? + two().await? + three().await?)
}

fn main() {}
