//! Awaits wherever they may stand: branches, loops, closures, blocks, macros, helpers.

use flowrt::prelude::*;
use futures_util::future::{join, join_all, try_join_all};
use futures_util::{join, try_join};

#[task]
async fn double(number: u32) -> Result<u32> {
    Ok(number * 2)
}

#[task]
async fn is_big(number: u32) -> Result<bool> {
    Ok(number > 10)
}

#[flow]
async fn doubles_until_big(start: u32) -> Result<u32> {
    let mut number = start;
    while !is_big(number).await? {
        number = match double(number).await {
            Ok(doubled) if doubled > 100 => break,
            Ok(doubled) => doubled,
            Err(error) => return Err(error),
        };
    }
    let Some(last) = Some(double(number).await?) else {
        return Ok(0);
    };
    Ok(if last > 1 { double(last).await? } else { last })
}

#[flow]
async fn together() -> Result<u32> {
    let (one, two) = join!(double(1), double(2));
    let (three, four) = try_join!(double(3), async { double(4).await })?;
    let (five, six) = join(double(5), double(6)).await;
    let many = join_all((0..3).map(double)).await;
    let more: Vec<u32> = try_join_all((0..3).map(|number| double(number + 1))).await?;
    let mut list = vec![double(7).await?, double(8).await?];
    list.push(0);
    let many: u32 = many.into_iter().filter_map(Result::ok).sum();
    let sum = one? + two? + three + four + five? + six? + many;
    Ok(sum + more.iter().sum::<u32>() + list.iter().sum::<u32>())
}

#[flow]
async fn closures(names: Vec<String>) -> Result<Vec<u32>> {
    let offset = 1;
    let later = async |number: u32| double(number + offset).await;
    let typed = async move |number: u32| -> Result<u32> {
        let doubled = double(number).await?;
        Ok(doubled + offset)
    };
    let block = |name: String| async move {
        let length = double(u32::try_from(name.len())?).await?;
        Ok::<_, Error>(length)
    };
    let mut all = vec![later(1).await?, typed(2).await?];
    for name in names {
        all.push(block(name).await?);
    }
    Ok(all)
}

#[flow]
async fn macros(number: u32) -> Result<String> {
    assert!(
        matches!(double(number).await, Ok(doubled) if doubled > 0),
        "{}",
        double(number).await?
    );
    let text = format!(
        "{} {:?}",
        double(number).await?,
        format!("{}", double(1).await?)
    );
    Ok(text)
}

/// Borrowed and generic parameters are fine in a helper.
#[flow(inline)]
async fn all_of<'a, T>(items: &'a [T], more: &str) -> Result<Vec<(&'a T, u32)>>
where
    T: Copy + Into<u32> + Sync,
{
    let mut pairs = Vec::new();
    for item in items {
        pairs.push((item, double((*item).into()).await?));
    }
    let _ = double(u32::try_from(more.len())?).await?;
    Ok(pairs)
}

struct Batch {
    numbers: Vec<u16>,
}

impl Batch {
    #[flow(inline)]
    async fn sum(&self) -> Result<u32> {
        let pairs = all_of(&self.numbers, "batch").await?;
        Ok(pairs.into_iter().map(|(_, doubled)| doubled).sum())
    }
}

#[flow(inline)]
async fn shown(
    error: bool,
) -> std::result::Result<Box<dyn std::fmt::Display + Send>, std::fmt::Error> {
    if error {
        return Err(std::fmt::Error);
    }
    Ok(Box::new(double(1).await.unwrap_or_default()))
}

#[flow]
async fn helped(numbers: Vec<u16>) -> Result<u32> {
    let batch = Batch { numbers };
    let text = shown(false).await?.to_string();
    Ok(batch.sum().await? + u32::try_from(text.len())?)
}

#[flow]
async fn unrecorded() -> Result<u32> {
    let answer = untracked(async {
        tokio::task::yield_now().await;
        41
    })
    .await;
    Ok(answer + 1)
}

#[flow]
async fn parent(number: u32) -> Result<u32> {
    let child = doubles_until_big(number).await?;
    let handle = double(child).submit();
    handle.await
}

#[tokio::test]
async fn programs_do_what_they_say() {
    assert_eq!(value!(doubles_until_big(3)), 48);
    assert_eq!(value!(together()), 2 + 4 + 6 + 8 + 10 + 12 + 6 + 12 + 30);
    assert_eq!(value!(closures(vec!["abc".into()])), [4, 5, 6]);
    assert_eq!(value!(macros(2)), "4 \"2\"");
    assert_eq!(value!(helped(vec![1, 2])), 7);
    assert_eq!(value!(unrecorded()), 42);
    assert_eq!(value!(parent(3)), 96);
}
