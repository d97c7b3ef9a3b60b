//! Attributes beside ours, above and below.

use flowrt::prelude::*;

#[cfg(test)]
#[task(tags = ["a", "b"], jitter = 0.2)]
/// Documented below.
#[inline]
#[allow(clippy::cast_possible_truncation)]
async fn narrow(wide: u64) -> Result<u32> {
    Ok(wide as u32)
}

#[task]
#[cfg(not(test))]
async fn narrow(wide: u64) -> Result<u32> {
    compile_error!("not for this build")
}

/// A task of the past.
#[deprecated = "use `narrow`"]
#[task(retries = 1)]
async fn old(wide: u64) -> Result<u64> {
    #![allow(clippy::let_and_return)]
    let same = wide;
    Ok(same)
}

#[flow]
#[expect(clippy::cast_possible_truncation)]
async fn narrowed(#[allow(unused_variables)] label: String) -> Result<u8> {
    let number = narrow(7).await?;
    Ok(number as u8)
}

#[tokio::test]
async fn attributes_keep_their_meaning() {
    assert_eq!(value!(narrowed(String::new())), 7);
    #[expect(deprecated)]
    let call = old(1);
    assert_eq!(call.body().await.unwrap(), 1);
}
