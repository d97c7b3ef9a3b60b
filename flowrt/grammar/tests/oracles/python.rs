//! The same expressions and rules as Python's croniter and dateutil read them.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use flowrt_grammar::{Cron, Rrule};
use jiff::Zoned;
use jiff::tz::TimeZone;

use super::times;

/// 15 January 2021, 07:07:07.
const FROM: i64 = 1_610_694_427;

/// Of day and weekday, where both are given, croniter takes either, also if one begins with `*`; that is not asked here.
const CRONS: &[&str] = &[
    "* * * * *",
    "*/7 */5 * * *",
    "3 4 5 6 *",
    "0 0 1-31/2 * 0,6",
    "5-55/10 0-6/3 * * *",
    "0 0 L * *",
    "0 0 * * 5#3",
    "0 0 * * L5",
    "1,2,59 23 * DEC MON-FRI",
    "0 0 31 * *",
    "0 0 13 * FRI",
    "0 0 29 FEB *",
    "0 0 * * 7",
    "@hourly",
    "@yearly",
];

const RULES: &[&str] = &[
    "FREQ=YEARLY",
    "FREQ=YEARLY;INTERVAL=3;BYMONTH=2;BYMONTHDAY=-1",
    "FREQ=YEARLY;BYDAY=20MO",
    "FREQ=YEARLY;BYDAY=-2FR;BYHOUR=6,18",
    "FREQ=YEARLY;BYWEEKNO=1,53;BYDAY=MO",
    "FREQ=YEARLY;BYWEEKNO=-1;BYDAY=SU;WKST=SU",
    "FREQ=YEARLY;BYYEARDAY=1,100,-1",
    "FREQ=YEARLY;BYMONTH=1,6;BYDAY=1MO,-1FR",
    "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",
    "FREQ=MONTHLY",
    "FREQ=MONTHLY;BYMONTHDAY=31",
    "FREQ=MONTHLY;INTERVAL=18;BYMONTHDAY=10,11,12",
    "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2",
    "FREQ=MONTHLY;BYDAY=SA,SU;BYHOUR=8,20;BYSETPOS=1,-1",
    "FREQ=MONTHLY;BYDAY=2TU,-1WE",
    "FREQ=WEEKLY",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=MO",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU",
    "FREQ=WEEKLY;BYMONTH=3;BYDAY=MO;BYMINUTE=0,30",
    "FREQ=DAILY;INTERVAL=10",
    "FREQ=DAILY;BYMONTH=1;BYHOUR=9,17;BYMINUTE=0,20,40",
    "FREQ=DAILY;BYHOUR=1,2,3;BYSETPOS=-1",
    "FREQ=HOURLY;INTERVAL=5",
    "DTSTART:20210101T003000 RRULE:FREQ=HOURLY;BYDAY=MO;BYHOUR=9,10;BYMINUTE=5,15",
    "DTSTART:20210101T003000 RRULE:FREQ=MINUTELY;INTERVAL=90",
    "DTSTART:20210101T003000 RRULE:FREQ=MINUTELY;BYHOUR=22;BYMINUTE=0,20;BYSECOND=10,40",
    "DTSTART:20210115T003007 RRULE:FREQ=SECONDLY;INTERVAL=45",
    "DTSTART:20210101T083000 RRULE:FREQ=DAILY;INTERVAL=2;COUNT=20",
    "DTSTART:20210101T083000 RRULE:FREQ=WEEKLY;UNTIL=20210601T083000",
    "DTSTART:20210115T100000 RRULE:FREQ=DAILY;COUNT=9 EXDATE:20210117T100000 RDATE:20210117T110000",
];

fn python() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    let target = target.expect("the folder is below that of the build");
    let python = target.join("tools/python/bin/python");
    assert!(
        python.exists(),
        "croniter and dateutil are not in {}; try: cargo xtask test, which installs them",
        python.display()
    );
    python
}

fn ask(questions: &str) -> Vec<Vec<i64>> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracles/oracle.py");
    let mut asked = Command::new(python())
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python runs");
    let mut stdin = asked.stdin.take().expect("it was asked for");
    stdin.write_all(questions.as_bytes()).expect("it reads");
    drop(stdin);
    let output = asked.wait_with_output().expect("it ends");
    assert!(output.status.success(), "python failed");
    let text = String::from_utf8(output.stdout).expect("numbers");
    text.lines()
        .map(|line| {
            line.split_whitespace()
                .map(|second| second.parse().expect("a number"))
                .collect()
        })
        .collect()
}

fn ours(next_after: impl Fn(&Zoned) -> Option<Zoned>, count: usize) -> Vec<i64> {
    let left = std::cell::Cell::new(count);
    let next = |at: &Zoned| {
        left.set(left.get().checked_sub(1)?);
        next_after(at)
    };
    times(next, "UTC", FROM, i64::MAX)
}

#[test]
fn croniter_agrees() {
    let count = 40;
    let questions: String = CRONS
        .iter()
        .map(|cron| format!("cron\t{FROM}\t{count}\t{cron}\n"))
        .collect();
    for (text, expected) in CRONS.iter().zip(ask(&questions)) {
        // Theirs has the letter before the day.
        let text = text.replace("L5", "5L");
        let cron = Cron::parse(&text).expect("an expression");
        assert_eq!(ours(|at| cron.next_after(at), count), expected, "{text}");
    }
}

#[test]
fn dateutil_agrees() {
    let count = 40;
    let questions: String = RULES
        .iter()
        .map(|rule| format!("rrule\t{FROM}\t{count}\t{rule}\n"))
        .collect();
    for (text, expected) in RULES.iter().zip(ask(&questions)) {
        let rule = Rrule::parse(text, &TimeZone::UTC).expect("a rule");
        assert_eq!(ours(|at| rule.next_after(at), count), expected, "{text}");
        assert!(!expected.is_empty(), "{text}");
    }
}
