//! Sends a notice, each way.

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::clock::Clock;
use crate::config::Way;
use crate::error::{Error, Result};

/// How long one may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// How often a program is asked whether it has ended.
const ASK: Duration = Duration::from_millis(20);

/// How much of what a program says on stderr is quoted.
const QUOTED_BYTES: u64 = 2_000;

/// Sends it; the key is the same whenever the same news is sent again.
///
/// # Errors
/// If it was not taken, or not in time.
pub(super) async fn send(way: Way, body: Value, key: String) -> Result<()> {
    match way {
        Way::Command(words) => run(&words, body.to_string()).await,
        Way::Email(to) => {
            let words = ["sendmail", "-i", "-t"].map(str::to_owned);
            run(&words, mail(&to, &body)).await
        }
        Way::Webhook(address) => post(address, body.to_string(), key).await,
        Way::Slack(address) => {
            let text = serde_json::json!({ "text": body["text"] });
            post(address, text.to_string(), key).await
        }
    }
}

/// The text of the news as a mail. What stands in its head is one line, whatever the news holds.
fn mail(to: &[String], body: &Value) -> String {
    let text = body["text"].as_str().unwrap_or_default();
    let subject: String = text
        .lines()
        .next()
        .unwrap_or_default()
        .chars()
        .filter(|letter| !letter.is_control())
        .collect();
    let to = to.join(", ");
    format!(
        "To: {to}\nSubject: {subject}\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nAuto-Submitted: auto-generated\n\n{text}\n"
    )
}

async fn run(words: &[String], input: String) -> Result<()> {
    let [program, arguments @ ..] = words else {
        return Err(Error::fatal("the command of the notice is empty"));
    };
    let said = |error: std::io::Error| Error::from(format!("`{program}` cannot be run: {error}"));
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(said)?;
    let stdin = child.stdin.take();
    let stderr = child.stderr.take();
    // Threads of their own: one who does not read or write must not hold up the rest.
    let written = tokio::task::spawn_blocking(move || {
        // A program that does not want it all is fine.
        let _ = stdin.map(|mut stdin| stdin.write_all(input.as_bytes()));
    });
    let words = tokio::task::spawn_blocking(move || {
        let mut text = Vec::new();
        if let Some(mut stderr) = stderr {
            let _ = stderr.by_ref().take(QUOTED_BYTES).read_to_end(&mut text);
            let _ = std::io::copy(&mut stderr, &mut std::io::sink());
        }
        String::from_utf8_lossy(&text).trim().to_owned()
    });
    let clock = Clock::real();
    let mut waited = Duration::ZERO;
    let status = loop {
        if let Some(status) = child.try_wait().map_err(said)? {
            break status;
        }
        if waited >= TIMEOUT {
            let _ = child.kill();
            let _ = child.wait();
            let limit = flowrt_grammar::format_duration(TIMEOUT);
            return Err(Error::from(format!(
                "`{program}` did not end within {limit}"
            )));
        }
        clock.sleep(ASK).await;
        waited += ASK;
    };
    if status.success() {
        return Ok(());
    }
    drop(written);
    let words = tokio::select! {
        words = words => words.unwrap_or_default(),
        // A program that it left behind may hold the pipe open.
        () = clock.sleep(Duration::from_secs(1)) => String::new(),
    };
    let colon = if words.is_empty() { "" } else { ": " };
    Err(Error::from(format!(
        "`{program}` ended with {status}{colon}{words}"
    )))
}

#[cfg(not(feature = "webhooks"))]
async fn post(_: String, _: String, _: String) -> Result<()> {
    Err(Error::fatal(
        "this build of flowrt sends no requests; its feature `webhooks` does",
    ))
}

#[cfg(feature = "webhooks")]
async fn post(address: String, body: String, key: String) -> Result<()> {
    let sent = tokio::task::spawn_blocking(move || {
        let address = match address.strip_prefix("env:") {
            None => address,
            Some(name) => std::env::var(name).map_err(|_| {
                Error::from(format!(
                    "the variable {name}, which holds the address, is not set"
                ))
            })?,
        };
        // The address of a webhook is all that one needs to use it.
        crate::mask::add(&address);
        let answer = ureq::post(&address)
            .config()
            .timeout_global(Some(TIMEOUT))
            // A POST that follows would become a GET, and one that is followed by a page is not taken.
            .max_redirects(0)
            .build()
            .header("content-type", "application/json")
            .header("idempotency-key", &key)
            .send(&body);
        match answer {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(Error::from(format!(
                "the webhook did not take it: it answered {}",
                answer.status()
            ))),
            Err(error) => Err(Error::from(format!("the webhook did not take it: {error}"))),
        }
    });
    sent.await.map_err(|error| Error::from(error.to_string()))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_has_one_line_of_subject() {
        let body = serde_json::json!({ "text": "offers failed\r\nBcc: x\nwhy" });
        let mail = mail(
            &["a@example.org".to_owned(), "b@example.org".to_owned()],
            &body,
        );
        let (head, text) = mail.split_once("\n\n").expect("a head and a text");
        assert!(
            head.contains("To: a@example.org, b@example.org\nSubject: offers failed\n"),
            "{head}"
        );
        assert!(!head.contains("Bcc"));
        assert_eq!(text, "offers failed\r\nBcc: x\nwhy\n");
    }

    #[tokio::test]
    async fn a_program_gets_the_news_and_its_last_words_are_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("news");
        let script = |text: &str| Way::Command(["sh", "-c", text].map(str::to_owned).to_vec());
        let body = serde_json::json!({ "text": "x" });
        let way = script(&format!("cat > '{}'", file.display()));
        send(way, body.clone(), String::new()).await.expect("runs");
        assert_eq!(
            std::fs::read_to_string(file).expect("written"),
            r#"{"text":"x"}"#
        );
        let error = send(script("echo no >&2; exit 4"), body, String::new())
            .await
            .unwrap_err();
        assert!(error.message().contains("exit status: 4: no"), "{error}");
    }
}
