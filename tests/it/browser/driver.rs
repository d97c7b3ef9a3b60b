//! Chromium, driven through the WebDriver protocol as its driver speaks it: JSON over HTTP.
#![allow(
    clippy::disallowed_methods,
    reason = "a browser knows no other clock than that of the machine"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long anything may take before it counts as not happening.
const AT_MOST: Duration = Duration::from_secs(60);

/// The key under which the protocol names elements.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser with one window; both end with it.
pub(super) struct Browser {
    driver: Child,
    port: u16,
    session: String,
    _profile: tempfile::TempDir,
}

/// What a window is like.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) dark: bool,
    pub(super) script: bool,
}

impl Default for Window {
    fn default() -> Self {
        Self {
            width: 1_280,
            height: 900,
            dark: false,
            script: true,
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.try_ask("DELETE", "", None);
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

impl Browser {
    pub(super) fn open(window: Window) -> Self {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("chromedriver: {error}; try: cargo xtask test, which installs it")
            });
        let said = BufReader::new(driver.stdout.take().expect("it is ours"));
        let port = said
            .lines()
            .map_while(Result::ok)
            .find_map(|line| {
                let (_, rest) = line.split_once("started successfully on port ")?;
                rest.trim_end_matches('.').parse().ok()
            })
            .expect("the driver says where it listens");
        let profile = tempfile::tempdir().expect("a folder for the browser");
        let mut browser = Self {
            driver,
            port,
            session: String::new(),
            _profile: profile,
        };
        let folder = browser._profile.path().display().to_string();
        let made = browser.send("POST", "/session", Some(&capabilities(window, &folder)));
        browser.session = made.expect("a session")["sessionId"]
            .as_str()
            .expect("a session has an id")
            .to_owned();
        // A window is never as narrow as a phone; what it shows can be.
        browser.devtools(
            "Emulation.setDeviceMetricsOverride",
            &json!({ "width": window.width, "height": window.height, "deviceScaleFactor": 1, "mobile": false }),
        );
        let scheme = if window.dark { "dark" } else { "light" };
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        browser.devtools(
            "Emulation.setEmulatedMedia",
            &json!({ "features": features }),
        );
        browser
    }

    fn devtools(&self, command: &str, params: &Value) {
        let body = json!({ "cmd": command, "params": params });
        self.ask("POST", "/goog/cdp/execute", Some(&body));
    }

    pub(super) fn go(&self, url: &str) {
        self.ask("POST", "/url", Some(&json!({ "url": url })));
    }

    pub(super) fn url(&self) -> String {
        let url = self.ask("GET", "/url", None);
        url.as_str().expect("an address").to_owned()
    }

    /// What is in the page, as a person reads it.
    pub(super) fn text(&self) -> String {
        let script = "return document.body ? document.body.innerText : ''";
        let text = self.run(script);
        text.as_str().expect("text").to_owned()
    }

    pub(super) fn source(&self) -> String {
        let source = self.ask("GET", "/source", None);
        source.as_str().expect("text").to_owned()
    }

    fn find(&self, selector: &str) -> Option<String> {
        let by = if selector.starts_with('/') {
            "xpath"
        } else {
            "css selector"
        };
        let body = json!({ "using": by, "value": selector });
        let found = self.try_ask("POST", "/element", Some(&body)).ok()?;
        found[ELEMENT].as_str().map(str::to_owned)
    }

    pub(super) fn is_there(&self, selector: &str) -> bool {
        self.find(selector).is_some()
    }

    /// Waits until there is such an element.
    pub(super) fn until_there(&self, selector: &str) {
        self.wait_for(selector);
    }

    /// The element, as soon as it is there.
    fn wait_for(&self, selector: &str) -> String {
        let mut found = None;
        self.until(&format!("there is {selector}"), || {
            found = self.find(selector);
            found.is_some()
        });
        found.expect("it was found")
    }

    pub(super) fn click(&self, selector: &str) {
        self.until(&format!("{selector} can be clicked"), || {
            let element = self.wait_for(selector);
            let path = format!("/element/{element}/click");
            self.try_ask("POST", &path, Some(&json!({}))).is_ok()
        });
    }

    pub(super) fn type_into(&self, selector: &str, text: &str) {
        self.until(&format!("{selector} takes text"), || {
            let element = self.wait_for(selector);
            let clear = format!("/element/{element}/clear");
            let write = format!("/element/{element}/value");
            let body = json!({ "text": text });
            self.try_ask("POST", &clear, Some(&json!({}))).is_ok()
                && self.try_ask("POST", &write, Some(&body)).is_ok()
        });
    }

    pub(super) fn value(&self, selector: &str) -> String {
        let mut value = None;
        self.until(&format!("{selector} has a value"), || {
            let element = self.wait_for(selector);
            let path = format!("/element/{element}/property/value");
            value = self.try_ask("GET", &path, None).ok();
            value.is_some()
        });
        let value = value.expect("it was read");
        value.as_str().unwrap_or_default().to_owned()
    }

    /// What a script gives back.
    pub(super) fn run(&self, script: &str) -> Value {
        let body = json!({ "script": script, "args": [] });
        let start = Instant::now();
        loop {
            match self.try_ask("POST", "/execute/sync", Some(&body)) {
                Ok(value) => return value,
                // A page that is being left answers nothing; the next one does.
                Err(_) if start.elapsed() < AT_MOST => sleep(Duration::from_millis(50)),
                Err(error) => panic!("{script}: {error}"),
            }
        }
    }

    /// What the browser complained of: scripts, and what may not be loaded.
    pub(super) fn complaints(&self) -> Vec<String> {
        let log = self.ask("POST", "/se/log", Some(&json!({ "type": "browser" })));
        let lines = log.as_array().into_iter().flatten();
        lines
            .filter(|line| line["level"] == "SEVERE")
            .map(|line| line["message"].to_string())
            .collect()
    }

    /// Waits for words in the page.
    pub(super) fn until_it_says(&self, words: &str) {
        let mut text = String::new();
        let start = Instant::now();
        while start.elapsed() < AT_MOST {
            text = self.text();
            if text.contains(words) {
                return;
            }
            sleep(Duration::from_millis(50));
        }
        panic!("the page does not say {words:?}; it says\n{text}");
    }

    pub(super) fn until(&self, what: &str, mut is_so: impl FnMut() -> bool) {
        let start = Instant::now();
        while !is_so() {
            assert!(
                start.elapsed() < AT_MOST,
                "it did not come true that {what}; {} says\n{}",
                self.url(),
                self.text()
            );
            sleep(Duration::from_millis(50));
        }
    }

    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        self.try_ask(method, path, body)
            .unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    fn try_ask(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, String> {
        self.send(method, &format!("/session/{}{path}", self.session), body)
    }

    fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, String> {
        let text = |error: std::io::Error| error.to_string();
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).map_err(text)?;
        stream.set_read_timeout(Some(AT_MOST)).map_err(text)?;
        let body = body.map_or_else(String::new, Value::to_string);
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: localhost:{}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{body}",
            self.port,
            body.len()
        )
        .map_err(text)?;
        let mut reader = BufReader::new(stream);
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).map_err(text)?;
            if line.trim().is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        let mut answer = vec![0; length];
        reader.read_exact(&mut answer).map_err(text)?;
        let mut answer: Value =
            serde_json::from_slice(&answer).map_err(|error| error.to_string())?;
        let value = answer["value"].take();
        match value.get("error") {
            Some(error) => Err(format!("{error}: {}", value["message"])),
            None => Ok(value),
        }
    }
}

fn capabilities(window: Window, profile: &str) -> Value {
    let mut arguments = vec![
        "--headless".to_owned(),
        "--no-sandbox".to_owned(),
        "--disable-gpu".to_owned(),
        "--disable-quic".to_owned(),
        "--disable-dev-shm-usage".to_owned(),
        "--no-first-run".to_owned(),
        "--disable-background-networking".to_owned(),
        "--disable-component-update".to_owned(),
        "--disable-sync".to_owned(),
        format!("--user-data-dir={profile}"),
        format!("--window-size={},{}", window.width, window.height),
    ];
    if !window.script {
        arguments.push("--blink-settings=scriptEnabled=false".to_owned());
    }
    json!({ "capabilities": { "alwaysMatch": {
        "browserName": "chrome",
        "goog:loggingPrefs": { "browser": "ALL" },
        "goog:chromeOptions": { "args": arguments },
    } } })
}
