//! A run that waits for a person: how it looks, and what may be done with it.

use std::process::{Child, Stdio};

use serde_json::Value;

use super::Desk;
use crate::until::until;

/// A program that drives the run `q`, which waits for the signal `yes`.
struct Driver(Child);

impl Driver {
    fn start(desk: &Desk) -> Self {
        let child = desk
            .command()
            .args(["run", "asks", "--name", "q"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it runs");
        let waits = || desk.say("runs show q").out.contains("◷ ");
        until(waits);
        Self(child)
    }

    fn kill(mut self) {
        self.0.kill().expect("it can be killed");
        self.0.wait().expect("it is gone");
    }
}

#[test]
fn it_is_shown_as_waiting_and_not_deleted() {
    let desk = Desk::new();
    let driver = Driver::start(&desk);
    let refused = desk.say("runs delete q");
    assert_eq!(refused.code, Some(2));
    assert!(
        refused.err.contains("has not ended") && refused.err.contains("runs cancel q"),
        "{refused:?}"
    );
    let shown = desk.json("runs show q");
    let steps = shown["steps"].as_array().expect("a list");
    let wait = steps.last().expect("a step");
    assert_eq!(
        (&wait["state"], &wait["finished"]),
        (&"Waiting".into(), &Value::Null)
    );
    driver.kill();
}

#[test]
fn a_signal_must_be_what_the_step_takes() {
    let desk = Desk::new();
    let driver = Driver::start(&desk);
    let wrong = desk.say("runs signal q yes maybe");
    assert_eq!(wrong.code, Some(2), "the step recorded what it takes");
    let expected = "`yes` of q expects true or false, got \"maybe\"";
    assert!(wrong.err.contains(expected), "{wrong:?}");
    let other = desk.say("runs signal q yess true");
    assert!(
        other.code == Some(0) && other.err.contains("did you mean `yes`?"),
        "{other:?}"
    );
    let odd = desk.say("runs signal q other text");
    assert!(
        odd.code == Some(2) && odd.err.contains("not JSON"),
        "{odd:?}"
    );
    let sent = desk.json("runs signal q yess true");
    assert_eq!(
        (&sent["signal"], &sent["awaited"]),
        (&"yess".into(), &false.into())
    );
    assert_eq!(desk.say("runs signal q yes true").code, Some(0));
    let mut child = driver.0;
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}

#[test]
fn without_its_process_it_is_said_to_be_gone_and_can_be_cancelled() {
    let desk = Desk::new();
    Driver::start(&desk).kill();
    assert!(desk.say("runs ls").out.contains("its process is gone"));
    let check = desk.say("check");
    assert_eq!(check.code, Some(0), "it can be resumed, so all is well");
    let expected = "1 run whose process is gone: q";
    assert!(check.out.contains(expected), "{check:?}");
    let cancelled = desk.say("runs cancel q");
    assert!(
        cancelled.code == Some(0) && cancelled.err.contains("q is Cancelled"),
        "{cancelled:?}"
    );
    assert!(desk.say("runs cancel q").err.contains("has ended already"));
    assert_eq!(desk.json("runs cancel q")["state"], "Cancelled");
    let late = desk.say("runs signal q yes true");
    assert!(
        late.code == Some(2) && late.err.contains("has ended as Cancelled"),
        "{late:?}"
    );
}
