//! How it looks: nothing sticks out on a phone, light and dark are as the person likes it, and keys are enough.

use super::driver::{Browser, Window};
use super::served::Served;

/// A store with a run that ended, one that failed and one that waits.
fn lively() -> Served {
    let served = Served::start();
    std::fs::write(served.folder.path().join("go"), "").expect("the folder takes files");
    served.also(&["run", "gather", "--name", "done"]);
    served.also(&["run", "order", "--address", "x", "--name", "broken"]);
    served.also(&["run", "release", "--name", "asking", "--no-wait"]);
    let file = served.folder.path().join("flowrt.yaml");
    std::fs::write(file, DEPLOYED).expect("the folder takes files");
    served.also(&["deploy", "--yes"]);
    let days = ["--from", "2026-01-01", "--to", "2026-01-31"];
    served.also(&[&["backfill", "weekly"][..], &days].concat());
    served
}

const DEPLOYED: &str = "\
deployments:
- name: weekly
  flow_name: release
  schedules:
  - { cron: 0 9 * * 1, timezone: Asia/Tokyo, slug: mondays, active: false }
  - { cron: 0 9 * * 5, timezone: Asia/Tokyo, slug: fridays, active: false }
";

/// The pages of a lively store, that of its backfill too.
fn pages(served: &Served) -> Vec<String> {
    let told = served.also(&["backfill", "ls", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&told).expect("it is JSON");
    let id = told[0]["id"].as_str().expect("there is one");
    let mut pages: Vec<_> = PAGES.iter().map(|page| (*page).to_owned()).collect();
    pages.push(format!("/backfills/{id}"));
    pages
}

const PAGES: &[&str] = &[
    "/",
    "/runs",
    "/runs/done",
    "/runs/broken",
    "/runs/broken/resume",
    "/runs/broken/step?id=ask_the_shop",
    "/flows",
    "/flows/gather",
    "/limits",
    "/workers",
    "/notices",
    "/deployments",
    "/deployments/weekly",
    "/deployments/weekly/backfill?from=2026-01-01&to=2026-03-31&which=all",
    "/deployments/weekly/backfill?from=January&to=2026-03-31",
    "/nowhere",
];

#[test]
fn nothing_sticks_out_of_any_page_on_a_phone() {
    let served = lively();
    let browser = Browser::open(Window {
        width: 390,
        height: 844,
        ..Window::default()
    });
    for page in pages(&served) {
        browser.go(&served.at(&page));
        // A scroll bar takes from the window, not from the page.
        let out = browser.run("return document.documentElement.scrollWidth - window.innerWidth");
        let out = out.as_i64().expect("a number");
        assert!(out <= 0, "{page} is {out} pixels wider than the window");
    }
}

#[test]
fn dark_is_what_the_system_says_until_a_person_says_otherwise() {
    let served = Served::start();
    let browser = Browser::open(Window {
        dark: true,
        ..Window::default()
    });
    let ground = || browser.run("return getComputedStyle(document.body).backgroundColor");
    browser.go(&served.at("/"));
    let dark = ground();
    browser.click("//button[.//span[.='Light']]");
    browser.until("it is light", || ground() != dark);
    browser.go(&served.at("/runs"));
    assert_ne!(ground(), dark, "it stays light");
}

/// Contrast and names, as far as a script can judge them.
const AUDIT: &str = r"
const found = [];
const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
const parse = (colour) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; };
const light = ([r, g, b]) => { const f = (c) => { c /= 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; }; return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b); };
const ground = (element) => { for (let e = element; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c[3] > 250) return c; } return [255, 255, 255, 255]; };
for (const element of document.querySelectorAll('main *, header *, footer *')) {
  if (!element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) || element.closest('svg, .sr')) continue;
  const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  if (!own) continue;
  const [a, b] = [light(parse(getComputedStyle(element).color)), light(ground(element))];
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (ratio < 4.5) found.push(`${element.tagName}.${element.className} ${element.textContent.trim().slice(0, 30)}: contrast ${ratio.toFixed(2)}`);
}
for (const field of document.querySelectorAll('input:not([type=hidden]), select, textarea')) {
  if (!field.labels.length) found.push(`a field without a label: ${field.name}`);
}
for (const button of document.querySelectorAll('button, a[href]')) {
  if (!button.textContent.trim() && !button.getAttribute('aria-label')) found.push(`without a name: ${button.outerHTML.slice(0, 80)}`);
}
const ids = [...document.querySelectorAll('[id]')].map((element) => element.id);
for (const id of ids.filter((id, place) => ids.indexOf(id) !== place)) found.push(`twice: #${id}`);
if (document.querySelectorAll('h1').length !== 1) found.push('not one h1');
if (document.querySelectorAll('main').length !== 1) found.push('not one main');
return found;
";

#[test]
fn every_page_can_be_read_and_named_in_light_and_dark() {
    let served = lively();
    for dark in [false, true] {
        let browser = Browser::open(Window {
            dark,
            ..Window::default()
        });
        for page in pages(&served) {
            browser.go(&served.at(&page));
            let found = browser.run(AUDIT);
            assert_eq!(found, serde_json::json!([]), "{page}, dark: {dark}");
        }
    }
}
