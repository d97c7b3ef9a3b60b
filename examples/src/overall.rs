//! Four jobs: the first two beside each other, then the third, then the fourth.
//!
//! A flow that is not `async` is a DAG. Nobody writes down what needs what: an edge runs from each name to the call that uses it, so
//! the compiler knows the graph, `graph overall` draws it before anything has run, and a mistake in it is a compile error.

use flowrt::prelude::*;

/// The first job.
#[task]
async fn job1() -> Result<u32> {
    Ok(1)
}

/// The second job.
#[task]
async fn job2() -> Result<u32> {
    Ok(2)
}

/// Needs both.
#[task]
async fn job3(one: u32, two: u32) -> Result<u32> {
    Ok(one + two)
}

/// Needs the third.
#[task]
async fn job4(three: u32) -> Result<String> {
    Ok(format!("jobs 1 and 2 made {three}"))
}

/// The flow that GitHub Actions writes with `needs`, as calls.
#[flow]
fn overall() -> Result<String> {
    let one = job1();
    let two = job2();
    let three = job3(one, two);
    job4(three)
}

#[cfg(test)]
mod tests {
    use flowrt::testing;

    use super::*;

    #[tokio::test]
    async fn all_four_run() {
        let said = testing::Engine::new().run(overall()).await.unwrap();
        assert_eq!(said, "jobs 1 and 2 made 3");
    }

    #[tokio::test]
    async fn what_needs_a_failed_job_does_not_begin() {
        let engine = testing::Engine::new();
        let _failing = engine.mock(job1, |()| Err(Error::fatal("no")));
        let (second, third) = (engine.spy(job2), engine.spy(job3));
        assert!(engine.run(overall()).await.is_err());
        assert_eq!((second.count(), third.count()), (1, 0));
    }
}
