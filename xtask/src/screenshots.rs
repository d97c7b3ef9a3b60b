//! Pictures of the page as it is: the example program serves real runs, and a real browser looks at them.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};

use crate::cargo::{cargo, succeed};

/// A picture: its name, the page, the size of the window, and whether it is dark.
struct Picture {
    name: &'static str,
    page: &'static str,
    size: (u32, u32),
    dark: bool,
}

const PICTURES: &[Picture] = &[
    Picture {
        name: "overview",
        page: "/",
        size: (1_280, 860),
        dark: false,
    },
    Picture {
        name: "run",
        page: "/runs/nightly-prices",
        size: (1_280, 900),
        dark: false,
    },
    Picture {
        name: "run-dark",
        page: "/runs/nightly-prices",
        size: (1_280, 900),
        dark: true,
    },
    Picture {
        name: "flow",
        page: "/flows/exchange",
        size: (1_280, 640),
        dark: false,
    },
    Picture {
        name: "plan",
        page: "/runs/nightly-prices/resume",
        size: (1_280, 560),
        dark: false,
    },
];

/// What is run before, so that there is something to see; `.` is the repository. Some of it fails, as it does in life.
const RUNS: &[&[&str]] = &[
    &["run", "overall"],
    &["run", "greet", "--arg", "world"],
    &["run", "exchange", "--amount", "100"],
    &["run", "order", "--item", "lamp"],
    &["run", "order", "--item", "chair", "--card", "0000"],
    &["run", "tree", "--path", "."],
    &["run", "repo_report", "--path", "."],
    &[
        "run",
        "backfill_rates",
        "--from",
        "2026-03-02",
        "--to",
        "2026-03-15",
    ],
    &[
        "run",
        "backfill_rates",
        "--from",
        "2026-03-07",
        "--to",
        "2026-03-09",
        "--name",
        "nightly-prices",
    ],
    &["run", "approval", "--release", "1.0", "--no-wait"],
];

/// Writes `docs/images/*.png`.
pub fn run() -> ExitCode {
    match take() {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => {
            eprintln!("xtask: {cause}");
            ExitCode::FAILURE
        }
    }
}

fn take() -> Result<(), String> {
    cargo(&["build", "-p", "examples", "--bin", "flows"])?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let images = root.join("docs/images");
    let text = |error: std::io::Error| error.to_string();
    std::fs::create_dir_all(&images).map_err(text)?;
    let scene = Scene::set(&root)?;
    for picture in PICTURES {
        let file = images.join(format!("{}.png", picture.name));
        scene.photograph(picture, &file)?;
        eprintln!("wrote {}", file.display());
    }
    Ok(())
}

/// A program that serves, and the folder of its store.
struct Scene {
    server: Child,
    url: String,
    folder: tempfile::TempDir,
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

impl Scene {
    fn set(root: &Path) -> Result<Self, String> {
        let text = |error: std::io::Error| error.to_string();
        let folder = tempfile::tempdir().map_err(text)?;
        let store = format!("sqlite:{}", folder.path().join("flows.db").display());
        let program = program(root);
        let flows = |arguments: &[&str]| {
            let mut command = Command::new(&program);
            command
                .args(arguments)
                .current_dir(folder.path())
                .env("FLOWRT_STORE", &store)
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            command
        };
        let mut server = flows(&["serve", "--port", "0", "--json"]);
        let mut server = server.stdout(Stdio::piped()).spawn().map_err(text)?;
        let mut said = String::new();
        let stdout = server.stdout.take().ok_or("the server has no output")?;
        let read = BufReader::new(stdout).read_line(&mut said);
        let url = said.split('"').find(|part| part.starts_with("http://"));
        let url = url.map(str::to_owned);
        // A worker is there already, so that no run needs a process of its own that would outlive the pictures.
        let root = root.display().to_string();
        for arguments in RUNS {
            let arguments: Vec<&str> = arguments
                .iter()
                .map(|word| if *word == "." { root.as_str() } else { *word })
                .collect();
            // That a run fails is part of the picture.
            flows(&arguments).status().map_err(text)?;
        }
        let scene = Self {
            server,
            url: url.clone().unwrap_or_default(),
            folder,
        };
        read.map_err(text)?;
        url.map(|_| scene)
            .ok_or_else(|| format!("the server does not say where it listens: {said}"))
    }

    fn photograph(&self, picture: &Picture, file: &Path) -> Result<(), String> {
        let (width, height) = picture.size;
        let mut browser = Command::new("chromium");
        browser
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--hide-scrollbars",
                // The stream of changes never ends: after that the page is as it is.
                "--timeout=2000",
            ])
            .arg(format!(
                "--user-data-dir={}",
                self.folder.path().join("browser").display()
            ))
            .arg(format!("--window-size={width},{height}"))
            .arg(format!("--screenshot={}", file.display()));
        if picture.dark {
            browser.arg("--blink-settings=preferredColorScheme=0");
        }
        browser
            .arg(format!("{}{}", self.url, picture.page))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        succeed(browser)
    }
}

fn program(root: &Path) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    target
        .unwrap_or_else(|| root.join("target"))
        .join("debug/flows")
}
