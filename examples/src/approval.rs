//! A release that waits for a person.
//!
//! `receive` waits for a signal: a value that somebody sends to the run by name, with `runs signal RUN approve true`. Meanwhile the run
//! holds nothing but its record: stop the program, start it again, resume the run, and it still waits. A signal that does not fit
//! the type is refused where it is sent.

use flowrt::prelude::*;

/// Prepares the release.
#[task]
async fn prepare(version: String) -> Result<String> {
    Ok(format!("release {version}"))
}

/// Asks, waits, and goes on.
#[flow]
async fn approval(release: String) -> Result<String> {
    let release = prepare(release).await?;
    let approved = receive::<bool>("approve").await?;
    Ok(format!(
        "{release}: {}",
        if approved { "published" } else { "given up" }
    ))
}

#[cfg(test)]
mod tests {
    use flowrt::testing;

    use super::*;

    #[tokio::test]
    async fn what_the_person_says_decides() {
        let engine = testing::Engine::new();
        for (answer, said) in [
            (true, "release 1.0: published"),
            (false, "release 1.0: given up"),
        ] {
            engine.answer("approve", &answer);
            assert_eq!(engine.run(approval("1.0".into())).await.unwrap(), said);
        }
    }

    #[tokio::test]
    async fn a_restart_does_not_forget_who_is_waited_for() {
        let engine = testing::Engine::new();
        let run = engine.start(approval("1.0".into())).await.unwrap();
        let id = run.id;
        engine.settle().await;
        let engine = engine.restart();
        let prepared = engine.spy(prepare);
        engine.signal(id, "approve", &true).await.unwrap();
        let resumed = engine.resume::<String>(id).await.unwrap();
        assert_eq!(resumed.wait().await.unwrap(), "release 1.0: published");
        assert_eq!(prepared.count(), 0);
    }
}
