//! Tasks and flows that a macro of the user's writes.

use flowrt::prelude::*;

macro_rules! adder {
    ($task:ident, $flow:ident, $amount:literal, $ty:ty) => {
        #[task(retries = 1)]
        async fn $task(number: $ty) -> Result<$ty> {
            Ok(number + $amount)
        }

        #[flow]
        async fn $flow(#[arg(default = $amount)] number: $ty) -> Result<$ty> {
            let once = $task(number).await?;
            $task(once).await
        }
    };
}

adder!(add_two, add_two_twice, 2, u32);
adder!(add_three, add_three_twice, 3, i64);

#[tokio::test]
async fn macros_may_write_tasks_and_flows() {
    assert_eq!(value!(add_two_twice(1)), 5);
    assert_eq!(value!(add_three_twice(1)), 7);
}
