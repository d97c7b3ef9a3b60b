//! Requests to a small server of their own.

mod redirects;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use flowrt::testing;

use super::*;

/// Answers one connection after the other with the next of these, and keeps what was asked.
struct Server {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn new(answers: &[&str]) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").expect("a port"), answers)
    }

    fn on(listener: TcpListener, answers: &[&str]) -> Self {
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let answers: Vec<String> = answers.iter().map(|answer| (*answer).to_owned()).collect();
        let kept = asked.clone();
        std::thread::spawn(move || {
            for answer in answers {
                let (stream, _) = listener.accept().expect("a connection");
                let mut reader = BufReader::new(&stream);
                let mut head = String::new();
                while !head.ends_with("\r\n\r\n")
                    && reader.read_line(&mut head).expect("a line") > 0
                {}
                let length = head
                    .lines()
                    .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
                let mut body = vec![0; length.unwrap_or(0)];
                reader.read_exact(&mut body).expect("a body");
                let text = head + &String::from_utf8_lossy(&body);
                kept.lock().expect("not poisoned").push(text);
                (&stream).write_all(answer.as_bytes()).expect("written");
            }
        });
        Self { url, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("not poisoned").clone()
    }
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n{body}",
        body.len()
    )
}

#[flowrt::flow]
async fn ask(request: String) -> Result<u16> {
    let request: Request = serde_json::from_str(&request)?;
    let answer = http(request).retry_delay(Duration::ZERO).await?;
    Ok(answer.status)
}

async fn asked(request: &Request) -> Result<u16> {
    let engine = testing::Engine::new();
    let text = serde_json::to_string(request).expect("a request is text");
    engine.run(ask(text)).await
}

#[tokio::test]
async fn an_answer_is_read_with_its_headers_and_json() {
    let server = Server::new(&[&answer("200 OK", "x-page: 2\r\n", r#"{"n": 7}"#)]);
    let answer =
        http(Request::get(format!("{}/items", server.url)).header("accept", "application/json"));
    let answer = answer.await.expect("answered");
    assert_eq!(
        (answer.status, answer.headers["x-page"].as_str()),
        (200, "2")
    );
    assert_eq!(answer.json::<serde_json::Value>().expect("JSON")["n"], 7);
    let misread = answer.json::<u32>().unwrap_err();
    assert!(
        misread.try_this().is_some_and(|hint| hint.contains("body")),
        "{misread:?}"
    );
    assert!(server.asked()[0].starts_with("GET /items HTTP/1.1\r\n"));
    assert!(server.asked()[0].contains("accept: application/json"));
}

#[tokio::test]
async fn json_goes_with_the_key_of_its_step_the_same_in_every_attempt() {
    let busy = answer("503 Service Unavailable", "", "busy");
    let server = Server::new(&[&busy, &answer("201 Created", "", "")]);
    let request = Request::post(&server.url).json(serde_json::json!({"amount": 3}));
    assert_eq!(asked(&request).await.expect("in the end"), 201);
    let asked = server.asked();
    let key = |text: &str| {
        text.lines()
            .find(|line| line.starts_with("idempotency-key: "))
            .map(str::to_owned)
    };
    assert_eq!(asked.len(), 2);
    assert!(
        key(&asked[0]).is_some_and(|key| key.ends_with("/http")),
        "{asked:?}"
    );
    assert_eq!(key(&asked[0]), key(&asked[1]));
    assert!(
        asked[0].ends_with(r#"{"amount":3}"#)
            && asked[0].contains("content-type: application/json")
    );
}

#[tokio::test]
async fn what_the_server_refuses_is_not_asked_again() {
    let server = Server::new(&[
        &answer("404 Not Found", "", "no such item"),
        &answer("200 OK", "", ""),
    ]);
    let url = format!("{}/items/7?token=abc", server.url);
    let error = asked(&Request::get(url)).await.unwrap_err();
    assert_eq!(server.asked().len(), 1);
    assert_eq!(
        error.message(),
        format!(
            "GET {}/items/7 was answered by 404 Not Found: no such item",
            server.url
        )
    );
    assert!(
        error
            .try_this()
            .is_some_and(|hint| hint.contains("fine([404])")),
        "{error:?}"
    );
    let server = Server::new(&[&answer("404 Not Found", "", "")]);
    assert_eq!(
        asked(&Request::get(&server.url).fine([404]))
            .await
            .expect("fine"),
        404
    );
}

#[tokio::test]
async fn a_post_that_may_have_had_its_effect_is_not_repeated_unless_it_may_be() {
    let broken = answer("500 Internal Server Error", "", "");
    let fine = answer("200 OK", "", "");
    let server = Server::new(&[&broken, &fine]);
    let told = asked(&Request::post(&server.url)).await.unwrap_err();
    assert_eq!(server.asked().len(), 1);
    assert!(
        told.try_this()
            .is_some_and(|hint| hint.contains("repeatable()")),
        "{told:?}"
    );
    let server = Server::new(&[&broken, &fine]);
    assert_eq!(
        asked(&Request::post(&server.url).repeatable())
            .await
            .expect("again"),
        200
    );
}

#[tokio::test]
async fn a_pause_that_the_server_asks_for_is_the_delay() {
    let server = Server::new(&[&answer("429 Too Many Requests", "retry-after: 7\r\n", "")]);
    let request = Request::get(&server.url);
    let told = tokio::task::spawn_blocking(move || request.exchange("key"))
        .await
        .expect("no panic");
    assert_eq!(
        told.unwrap_err().comes_again(),
        Some(Duration::from_secs(7))
    );
}

#[tokio::test]
async fn an_answer_that_is_too_long_or_too_late_is_an_error() {
    let server = Server::new(&[&answer("200 OK", "", "0123456789")]);
    let request = Request::get(&server.url).read_at_most(5);
    let told = tokio::task::spawn_blocking(move || request.exchange("key"))
        .await
        .expect("no panic");
    let told = told.unwrap_err();
    assert!(!told.is_retryable());
    assert!(
        told.try_this()
            .is_some_and(|hint| hint.contains("read_at_most")),
        "{told:?}"
    );
    // Nobody accepts, so no answer comes.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", silent.local_addr().expect("an address"));
    let request = Request::get(url).within(Duration::from_millis(50));
    let told = tokio::task::spawn_blocking(move || request.exchange("key"))
        .await
        .expect("no panic");
    assert!(told.unwrap_err().is_retryable());
}

#[tokio::test]
async fn a_secret_header_is_sent_and_never_shown() {
    let refusal = answer(
        "401 Unauthorized",
        "",
        "the token tea-with-milk-7421 is unknown",
    );
    let server = Server::new(&[&refusal]);
    let token = Secret::new("tea-with-milk-7421".to_owned());
    let request = Request::get(&server.url).bearer(token);
    assert!(!format!("{request:?}").contains("milk"));
    let told = http(request).await.unwrap_err();
    assert!(server.asked()[0].contains("authorization: Bearer tea-with-milk-7421"));
    assert!(told.message().contains("401"), "{told}");
    let all = format!("{told:?} {told} {}", told.message());
    assert!(!all.contains("milk"), "{told:?}");
    assert!(
        told.message().contains("the token ••• is unknown"),
        "{told}"
    );
    assert!(
        told.try_this().is_some_and(|hint| hint.contains("token")),
        "{told:?}"
    );
}
