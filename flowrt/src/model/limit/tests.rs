use super::*;

const SECOND: Micros = 1_000_000;

fn rule(kind: LimitKind, count: u32, burst: Option<u32>) -> Rule {
    let per = if kind == LimitKind::Slots { 0 } else { SECOND };
    Rule {
        kind,
        count,
        per,
        burst,
    }
}

fn own(ticket: u64) -> Waiting {
    Waiting {
        ticket,
        weight: 1,
        own: true,
        due: None,
    }
}

/// Starts `calls` of weight 1 as they come, and gives their times.
fn starts(rule: &Rule, calls: usize) -> Vec<Micros> {
    forecast(rule, Taken::default(), vec![1; calls], 10 * SECOND + 7)
        .into_iter()
        .map(|start| start.expect("a rate lets everybody through"))
        .collect()
}

fn most_in_any(window: Micros, starts: &[Micros]) -> usize {
    starts
        .iter()
        .map(|from| {
            starts
                .iter()
                .filter(|at| **at >= *from && **at < from + window)
                .count()
        })
        .max()
        .unwrap_or(0)
}

#[test]
fn a_sliding_window_holds_at_every_moment_even_if_bodies_are_late() {
    let rule = rule(LimitKind::Sliding, 10, None);
    let starts = starts(&rule, 100);
    assert_eq!(most_in_any(SECOND, &starts), 10);
    // The worst lateness: every second one as late as it may be.
    let mut late: Vec<_> = starts
        .iter()
        .enumerate()
        .map(|(index, at)| {
            if index % 2 == 0 {
                at + rule.slack()
            } else {
                *at
            }
        })
        .collect();
    late.sort_unstable();
    assert_eq!(most_in_any(SECOND, &late), 10);
    let whole = starts[99] - starts[0];
    assert!(
        whole <= 9 * SECOND * 102 / 100,
        "no more than 2 % are lost: {whole}"
    );
}

#[test]
fn fixed_windows_follow_the_clock() {
    let rule = rule(LimitKind::Fixed, 10, None);
    let starts = starts(&rule, 35);
    for second in 10..14 {
        let within = starts.iter().filter(|at| **at / SECOND == second).count();
        assert!(within <= 10, "{within} in second {second}");
    }
    assert_eq!(starts[10], 11 * SECOND);
}

#[test]
fn a_bucket_lets_its_burst_through_and_then_the_rate() {
    let starts = starts(&rule(LimitKind::Bucket, 10, Some(3)), 6);
    let first = starts[0];
    assert_eq!(starts[..3], [first; 3]);
    assert_eq!(
        starts[3..],
        [first + 100_000, first + 200_000, first + 300_000]
    );
}

#[test]
fn a_leaky_bucket_spaces_starts_evenly() {
    let starts = starts(&rule(LimitKind::Leaky, 4, None), 4);
    let gaps: Vec<_> = starts.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(gaps, [250_000; 3]);
}

#[test]
fn slots_are_free_when_they_are_given_back() {
    let rule = rule(LimitKind::Slots, 2, None);
    let queue = [own(1), own(2), own(3)];
    let first = admit(&rule, Taken::default(), &queue, 0);
    assert_eq!((first.started, first.next), (vec![1, 2], None));
    let held = Taken {
        held: 1,
        ..Taken::default()
    };
    assert_eq!(admit(&rule, held, &queue[2..], 0).started, [3]);
}

#[test]
fn nobody_overtakes_a_heavy_call() {
    let rule = rule(LimitKind::Slots, 4, None);
    let heavy = Waiting {
        weight: 4,
        ..own(1)
    };
    let held = Taken {
        held: 1,
        ..Taken::default()
    };
    assert_eq!(
        admit(&rule, held, &[heavy, own(2)], 0).started,
        Vec::<u64>::new()
    );
}

#[test]
fn another_process_keeps_its_turn_until_it_is_late() {
    let rule = rule(LimitKind::Sliding, 1, None);
    let other = Waiting {
        own: false,
        ..own(1)
    };
    let waits = admit(&rule, Taken::default(), &[other, own(2)], 0);
    assert_eq!((waits.started, waits.due), (vec![], vec![1]));
    assert_eq!(waits.next, Some(PATIENCE + 1));
    let late = Waiting {
        due: Some(0),
        ..other
    };
    let passed = admit(&rule, Taken::default(), &[late, own(2)], PATIENCE + 1);
    assert_eq!(passed.started, [2]);
}

#[test]
fn a_forecast_of_ten_thousand_takes_the_time_that_the_rate_says() {
    let per_minute = Rule {
        per: 60 * SECOND,
        ..rule(LimitKind::Leaky, 10, None)
    };
    let starts = starts(&per_minute, 10_000);
    assert_eq!(starts[9_999] - starts[0], 9_999 * 6 * SECOND);
}

#[test]
fn what_a_person_lowered_below_a_weight_still_lets_it_through_alone() {
    let rule = rule(LimitKind::Slots, 1, None);
    let heavy = Waiting {
        weight: 3,
        ..own(1)
    };
    assert_eq!(admit(&rule, Taken::default(), &[heavy], 0).started, [1]);
}
