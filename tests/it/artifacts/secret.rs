//! The value of a secret is neither published nor stored.

use super::{command, folder, stdout, text};

const TOKEN: &str = "s3cr3t-t0ken";

#[test]
fn a_secret_is_masked_or_refused() {
    let folder = folder();
    let folder = folder.path();
    for (how, ends, said) in [
        ("table", 0, ""),
        ("file", 1, "the file holds the value of a secret"),
        ("stored", 1, "holds the value of a secret"),
    ] {
        let run = command(
            folder,
            &["run", "leaks", "--token", "env:LEAKED", "--how", how],
        )
        .env("LEAKED", TOKEN)
        .output()
        .expect("the program runs");
        let told = text(&run.stderr) + &text(&run.stdout);
        assert_eq!(run.status.code(), Some(ends), "{how}: {told}");
        assert!(told.contains(said), "{how}: {told}");
    }
    let table = stdout(folder, &["artifacts", "get", "t"]);
    assert_eq!(table, "token\n•••\n");
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = std::fs::read(&path).expect("a file");
            let held = bytes
                .windows(TOKEN.len())
                .any(|part| part == TOKEN.as_bytes());
            assert!(!held, "{}", path.display());
        }
    }
}
