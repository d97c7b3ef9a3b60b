//! The run time under another path: a crate that re-exports it, or one that renames it.

mod vendored {
    pub use ::flowrt;
}

use vendored::flowrt::prelude::*;

limit!(
    /// So many at a time.
    pub SLOTS, 4, crate = crate::language::renamed::vendored::flowrt
);

#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, JsonSchema)]
#[flowrt(crate = crate::language::renamed::vendored::flowrt)]
struct Order {
    id: u32,
}

#[task(crate = vendored::flowrt, limit = SLOTS * 2)]
async fn limited(order: Order) -> Result<u32> {
    send(order).await
}

#[task(crate = vendored::flowrt)]
async fn send(order: Order) -> Result<u32> {
    Ok(order.id)
}

#[flow(crate = vendored::flowrt)]
async fn ship_one(id: u32) -> Result<u32> {
    helper(Order { id }).await
}

#[flow(crate = vendored::flowrt)]
fn ship_as_dag(id: u32) -> Result<u32> {
    let order = Order { id };
    send(order)
}

#[flow(inline, crate = vendored::flowrt)]
async fn helper(order: Order) -> Result<u32> {
    send(order).await
}

#[tokio::test]
async fn the_run_time_may_have_another_path() {
    assert_eq!(limited(Order { id: 3 }).body().await.unwrap(), 3);
    assert_eq!(value!(ship_one(3)), 3);
    assert_eq!(value!(ship_as_dag(3)), 3);
}
