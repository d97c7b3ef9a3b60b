//! Answers that point elsewhere: what goes there, and what does not.

use super::*;

fn pointing(status: &str, to: &str) -> String {
    answer(status, &format!("location: {to}\r\n"), "")
}

/// A request with all that is nobody else's business, and one header that is everybody's.
fn confiding(request: Request) -> Request {
    request
        .bearer(Secret::new("bearer-7421-of-home".to_owned()))
        .secret_header("x-api-key", Secret::new("api-7421-of-home".to_owned()))
        .header("cookie", "cookie-7421-of-home")
        .header("x-tenant", "tenant-7421-of-home")
        .header("accept", "application/json")
}

#[tokio::test]
async fn what_is_for_one_host_does_not_go_to_another() {
    let other = Server::new(&[&answer("200 OK", "", "")]);
    let home = Server::new(&[&pointing("302 Found", &format!("{}/new", other.url))]);
    let request = confiding(Request::get(&home.url)).header("idempotency-key", "key-7421-of-home");
    assert_eq!(asked(&request).await.expect("answered there"), 200);
    assert!(home.asked()[0].contains("x-api-key: api-7421-of-home"));
    let told = &other.asked()[0];
    assert!(told.starts_with("GET /new HTTP/1.1\r\n"), "{told}");
    assert!(told.contains("accept: application/json"), "{told}");
    assert!(!told.contains("of-home"), "{told}");
}

#[tokio::test]
async fn the_same_host_is_told_all_of_it_again() {
    let home = Server::new(&[
        &pointing("301 Moved Permanently", "/new?page=2"),
        &answer("200 OK", "", ""),
    ]);
    let request = confiding(Request::get(format!("{}/old", home.url)));
    assert_eq!(asked(&request).await.expect("answered there"), 200);
    let told = &home.asked()[1];
    assert!(told.starts_with("GET /new?page=2 HTTP/1.1\r\n"), "{told}");
    assert_eq!(told.matches("of-home").count(), 4, "{told}");
}

#[tokio::test]
async fn a_way_back_by_another_host_is_not_trusted() {
    let back = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", back.local_addr().expect("an address"));
    let other = Server::new(&[&pointing("302 Found", &format!("{url}/delete-all"))]);
    let home = Server::on(
        back,
        &[
            &pointing("302 Found", &other.url),
            &answer("200 OK", "", ""),
        ],
    );
    assert_eq!(
        asked(&confiding(Request::get(&url)))
            .await
            .expect("answered"),
        200
    );
    let told = &home.asked()[1];
    assert!(told.starts_with("GET /delete-all"), "{told}");
    assert!(!told.contains("of-home"), "{told}");
}

#[tokio::test]
async fn a_post_does_not_become_a_get() {
    for status in ["301 Moved Permanently", "302 Found", "303 See Other"] {
        let place = "/done?token=7421";
        let home = Server::new(&[&pointing(status, place), &answer("200 OK", "", "")]);
        let request = Request::post(&home.url).json(serde_json::json!({"amount": 3}));
        let told = asked(&request).await.unwrap_err();
        assert_eq!(home.asked().len(), 1, "{status}");
        let place = format!(
            "points to {}/done; to follow would make a GET of it",
            home.url
        );
        assert!(told.message().contains(&place), "{told}");
        assert!(
            !told.is_retryable() && told.try_this().is_some(),
            "{told:?}"
        );
        let home = Server::new(&[&pointing(status, "/done")]);
        let request = Request::post(&home.url).fine([301, 302, 303]);
        assert_eq!(
            asked(&request).await.expect("fine").to_string(),
            status[..3]
        );
    }
}

#[tokio::test]
async fn a_post_that_is_to_be_repeated_elsewhere_stays_what_it_is_and_at_its_host() {
    let home = Server::new(&[
        &pointing("307 Temporary Redirect", "/orders/"),
        &answer("201 Created", "", ""),
    ]);
    let request = Request::post(format!("{}/orders", home.url)).json(serde_json::json!({"n": 3}));
    assert_eq!(asked(&request).await.expect("created"), 201);
    let told = home.asked();
    let key = |text: &str| {
        text.lines()
            .find(|line| line.starts_with(KEY))
            .map(str::to_owned)
    };
    assert!(
        told[1].starts_with("POST /orders/ ") && told[1].ends_with(r#"{"n":3}"#),
        "{told:?}"
    );
    assert!(
        key(&told[0]).is_some() && key(&told[0]) == key(&told[1]),
        "{told:?}"
    );

    let other = Server::new(&[&answer("201 Created", "", "")]);
    let home = Server::new(&[&pointing("308 Permanent Redirect", &other.url)]);
    let told = asked(&Request::post(&home.url).body("for home only"))
        .await
        .unwrap_err();
    assert!(
        told.message().contains("it is not sent to another host"),
        "{told}"
    );
    assert!(other.asked().is_empty());
}

#[tokio::test]
async fn a_circle_has_an_end() {
    let round = pointing("302 Found", "/");
    let server = Server::new(&vec![round.as_str(); 20]);
    let told = asked(&Request::get(&server.url)).await.unwrap_err();
    assert!(
        told.message()
            .contains("pointed elsewhere more than 10 times"),
        "{told}"
    );
    assert_eq!(server.asked().len(), 11);
}

#[tokio::test]
async fn who_answered_in_the_end_is_said() {
    let other = Server::new(&[&answer("404 Not Found", "", "")]);
    let home = Server::new(&[&pointing("302 Found", &format!("{}/new?a=b", other.url))]);
    let told = asked(&Request::get(format!("{}/old", home.url)))
        .await
        .unwrap_err();
    let wanted = format!(
        "GET {}/old (which led to {}/new) was answered by 404 Not Found",
        home.url, other.url
    );
    assert_eq!(told.message(), wanted);
}
