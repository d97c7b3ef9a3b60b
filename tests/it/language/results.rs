//! Results: plain values, units, options, results inside, errors of the user's own.

use std::fmt;

use flowrt::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Refused {
    TooMany(u32),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("refused")
    }
}

impl std::error::Error for Refused {}

#[task]
async fn plain(number: u32) -> u32 {
    number + 1
}

#[task]
async fn unit() {}

#[task]
fn blocking_unit(_number: u32) -> Result<()> {
    Ok(())
}

#[task]
async fn maybe(number: u32) -> Result<Option<(u32, String)>> {
    Ok((number > 1).then(|| (number, number.to_string())))
}

#[task]
async fn inner(number: u32) -> Result<std::result::Result<u32, String>> {
    Ok(if number > 1 {
        Ok(number)
    } else {
        Err("small".to_owned())
    })
}

#[task]
async fn own_error(number: u32) -> Result<u32, Refused> {
    if number > 3 {
        Err(Refused::TooMany(number))
    } else {
        Ok(number)
    }
}

#[task]
fn io_error(path: String) -> std::io::Result<u64> {
    Ok(std::fs::metadata(path)?.len())
}

#[task]
async fn boxed(text: String) -> Result<u32, Box<dyn std::error::Error + Send + Sync>> {
    Ok(text.parse::<u32>()?)
}

#[flow]
async fn never_fails(number: u32) -> u32 {
    plain(number).await.unwrap_or_default()
}

#[flow]
async fn nothing() {
    let _ = unit().await;
}

#[flow]
async fn gather(number: u32) -> Result<(u32, Option<(u32, String)>, Vec<String>)> {
    let value = plain(number).await?;
    unit().await?;
    blocking_unit(value).await?;
    let mut messages = Vec::new();
    if let Err(small) = inner(1).await? {
        messages.push(small);
    }
    if let Err(error) = own_error(4).await {
        messages.push(format!("{error} {:?}", error.decode::<Refused>()));
    }
    if let Err(error) = boxed("x".into()).await {
        messages.push(error.message().to_owned());
    }
    let missing = io_error("/nowhere/at/all".into()).await.is_err();
    messages.push(missing.to_string());
    Ok((value, maybe(value).await?, messages))
}

#[tokio::test]
async fn every_kind_of_result_comes_back() {
    let (value, pair, messages) = value!(gather(1));
    assert_eq!((value, pair), (2, Some((2, "2".to_owned()))));
    assert_eq!(
        messages,
        [
            "small",
            "refused Some(TooMany(4))",
            "invalid digit found in string",
            "true"
        ]
    );
    assert_eq!(value!(never_fails(1)), 2);
    value!(nothing());
}
