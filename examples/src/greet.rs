//! The smallest flow: it greets. `flowrt.yaml` beside `Cargo.toml` starts it each morning.

use flowrt::prelude::*;

/// What is said to somebody.
#[task]
fn greeting(name: String) -> String {
    format!("hello {name}")
}

/// Greet somebody.
#[flow]
pub fn greet(arg: String) -> Result<String> {
    greeting(arg)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_flow_runs_without_an_engine_too() {
        assert_eq!(greet("world".into()).await.unwrap(), "hello world");
    }
}
