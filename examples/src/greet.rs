//! The smallest flow: it greets. `flowrt.yaml` beside `Cargo.toml` starts it each morning.

use flowrt::prelude::*;

/// What is said to somebody.
#[task]
fn greeting(name: String) -> String {
    format!("Hello, {name}!")
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
    async fn it_greets() -> Result<()> {
        assert_eq!(greet("you".into()).await?, "Hello, you!");
        Ok(())
    }
}
