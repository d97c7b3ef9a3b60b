//! What people do with the page, from the first click to what they wanted.

use super::driver::{Browser, Window};
use super::served::Served;

/// The state of the run that a page is of.
const COMPLETED: &str = "//ul[contains(@class, 'facts')]//*[@class='state good'][.='completed']";

#[test]
fn a_run_is_started_seen_going_on_and_seen_completed_without_a_reload() {
    let served = Served::start();
    let browser = Browser::open(Window::default());
    browser.go(&served.at("/flows"));
    browser.click("//a[.='gather']");
    assert_eq!(browser.value("#p\\.pages"), "12");
    browser.type_into("#p\\.pages", "9");
    browser.click("//button[.='Run it']");
    browser.until_there("//*[@id='steps']//tr[contains(., 'wait_for')][contains(., 'running')]");
    browser.until_there("//*[@id='log']//span[contains(., 'waiting for the file')]");
    browser.until("the node that runs has its colour", || {
        browser.source().contains("state-running")
    });
    assert!(browser.text().contains("page ×9"), "{}", browser.text());
    browser.run("window.stays = true");
    std::fs::write(served.folder.path().join("go"), "").unwrap();
    browser.until_there("//*[@id='log']//span[contains(., 'the file is there')]");
    browser.until_there("//pre[@class='value'][.='72 by go']");
    browser.until("the tab says how it ended", || {
        browser
            .run("return document.title")
            .to_string()
            .contains("Completed")
    });
    assert_eq!(
        browser.run("return window.stays"),
        true,
        "it was not loaded again"
    );
    assert_eq!(browser.complaints(), [] as [String; 0]);
}

#[test]
fn the_list_shows_what_another_process_runs() {
    let served = Served::start();
    let browser = Browser::open(Window::default());
    browser.go(&served.at("/runs"));
    browser.until_it_says("Nothing has run yet");
    std::fs::write(served.folder.path().join("go"), "").unwrap();
    served.also(&["run", "gather", "--name", "from-elsewhere"]);
    browser.until_there(
        "//tr[contains(., 'from-elsewhere')][.//*[@class='state good'][.='completed']]",
    );
}

#[test]
fn a_failure_is_understood_and_resumed() {
    let served = Served::start();
    let browser = Browser::open(Window::default());
    served.also(&["run", "order", "--address", "elsewhere", "--name", "first"]);
    browser.go(&served.at("/"));
    browser.click("//section[contains(., 'Failed in the last')]//a[.='first']");
    browser.until_it_says("the shop at elsewhere did not answer");
    std::fs::write(served.folder.path().join("open"), "").unwrap();
    browser.click("//a[.='Resume…']");
    browser.until_it_says("Resuming it will");
    browser.until_there("//main//*[contains(., 'ask_the_shop') and contains(., 'failed')]");
    browser.click("//button[.='Resume it']");
    browser.until_there(COMPLETED);
    browser.until_there("//pre[@class='value'][.='42']");
}

#[test]
fn a_person_is_asked_and_answers() {
    let served = Served::start();
    let browser = Browser::open(Window::default());
    browser.go(&served.at("/flows/release"));
    browser.click("//button[.='Run it']");
    browser.until_it_says("waits for the signal approve");
    browser.click("//button[.='true']");
    browser.until_there("//pre[@class='value'][.='out']");
    browser.until_there(COMPLETED);
}

#[test]
fn everything_works_without_scripts() {
    let served = Served::start();
    let browser = Browser::open(Window {
        script: false,
        ..Window::default()
    });
    browser.go(&served.at("/flows/gather"));
    browser.type_into("#p\\.pages", "many");
    browser.click("//button[.='Run it']");
    browser.until_it_says("expects a whole number, got \"many\"");
    assert_eq!(browser.value("#p\\.pages"), "many", "what was typed stays");
    browser.type_into("#p\\.pages", "3");
    browser.click("//button[.='Run it']");
    browser.until("the run has a page", || browser.url().contains("/runs/"));
    browser.click("//summary[.='Cancel…']");
    browser.click("//button[.='Cancel the run']");
    browser.until("the run is cancelled", || {
        browser.go(&browser.url());
        browser.is_there(
            "//ul[contains(@class, 'facts')]//*[contains(@class, 'state')][.='cancelled']",
        )
    });
    browser.go(&served.at("/runs?state=Cancelled"));
    browser
        .until_there("//tbody/tr[.//a[.='gather']]//*[contains(@class, 'state')][.='cancelled']");
}
