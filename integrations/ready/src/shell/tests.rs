//! Programs and scripts outside of any run.

use super::*;

async fn told(what: Shell) -> Error {
    shell(what).await.unwrap_err()
}

#[tokio::test]
async fn a_long_last_line_is_the_result() {
    let script = "printf '['; i=0; while [ $i -lt 20000 ]; do printf '%d, ' $i; i=$((i+1)); done; echo '20000]'";
    let said = shell(Shell::script(script)).await.expect("runs");
    let numbers: Vec<u32> = said.json().expect("JSON");
    assert!(said.last.len() > 100_000 && said.lines == 1);
    assert!(numbers.into_iter().eq(0..=20_000));
}

#[tokio::test]
async fn a_last_line_that_is_too_long_to_keep_is_no_json() {
    let script = "head -c 9000000 /dev/zero | tr '\\0' 1";
    let said = shell(Shell::script(script)).await.expect("runs");
    assert!(said.is_cut);
    let told = said.json::<u64>().unwrap_err();
    assert!(told.message().contains("longer than 8 MiB"), "{told}");
    assert!(
        told.try_this().is_some_and(|hint| hint.contains("file")),
        "{told:?}"
    );
}

#[tokio::test]
async fn errors_say_what_to_try() {
    let tried = |error: Error| error.try_this().map(str::to_owned).unwrap_or_default();
    let absent = told(Shell::program("no-such-program-anywhere")).await;
    assert!(tried(absent).contains("PATH"));
    let nowhere = told(Shell::script("true").folder("/no/such/folder")).await;
    assert!(tried(nowhere).contains(".folder("));
    let failed = told(Shell::script("exit 3")).await;
    assert!(tried(failed).contains(".fine([3])"));
    let words = shell(Shell::script("echo ready")).await.expect("runs");
    assert!(tried(words.json::<u64>().unwrap_err()).contains("stdout"));
}

#[tokio::test]
async fn a_secret_in_its_last_words_is_not_shown() {
    let secret = Secret::new("shell-7421-secret".to_owned());
    let script = Shell::script("echo \"no $TOKEN here\" >&2; exit 1").secret_env("TOKEN", secret);
    let told = told(script).await;
    assert!(!format!("{told:?} {told}").contains("7421"), "{told:?}");
    assert_eq!(told.chain().collect::<Vec<_>>(), ["no ••• here"]);
}
