//! Deployments and their schedules.

use serde_json::{Map, json};

use super::super::Store;
use super::super::deployments::{CHANGES_MAX, Change, Changed, REVISIONS_KEPT};
use super::super::sample::{deployment, new_run, schedule};
use crate::model::deployment::{Catchup, RunLimit, RunWhenFull};
use crate::model::dispatch::Slot;

pub(super) async fn a_deploy_is_all_or_none(store: &dyn Store) {
    assert_eq!(store.deployed().await.unwrap().revision, 0);
    let mut full = deployment("b");
    full.deployment.shown = Some("shown".to_owned());
    full.deployment.parameters = Map::from_iter([("arg".to_owned(), json!({"a": [1, null]}))]);
    full.deployment.limit = Some(RunLimit {
        count: 2,
        when_full: RunWhenFull::CancelPrevious,
    });
    let mut rule = schedule("b", "x");
    rule.catchup = Catchup::All;
    rule.parameters = Map::from_iter([("arg".to_owned(), json!(2.5))]);
    let changes = vec![
        Change::Set(full.clone().into(), vec![schedule("b", "y"), rule.clone()]),
        Change::Set(deployment("a").into(), vec![]),
    ];
    assert!(store.deploy(0, changes.clone()).await.unwrap());
    let there = store.deployed().await.unwrap();
    assert_eq!(there.revision, 1);
    assert_eq!(store.deployments_revision().await.unwrap(), 1);
    assert_eq!(there.deployments, [deployment("a"), full.clone()]);
    assert_eq!(there.schedules, [rule.clone(), schedule("b", "y")]);
    let one = store.deployment("b".to_owned()).await.unwrap();
    let alone = store.deployment_alone("b".to_owned()).await.unwrap();
    assert_eq!(alone, one.as_ref().map(|(record, _)| record.clone()));
    assert_eq!(one, Some((full, vec![rule, schedule("b", "y")])));
    assert_eq!(store.deployment("c".to_owned()).await.unwrap(), None);
    assert_eq!(store.deployment_alone("c".to_owned()).await.unwrap(), None);

    // Somebody else has deployed since.
    assert!(!store.deploy(0, changes).await.unwrap());
    assert!(store.deploy(1, vec![]).await.unwrap());
    assert_eq!(store.deployed().await.unwrap(), there);

    let gone = vec![
        Change::Remove("b".to_owned()),
        Change::Remove("c".to_owned()),
    ];
    assert!(store.deploy(1, gone).await.unwrap());
    let left = store.deployed().await.unwrap();
    assert_eq!(
        (left.revision, left.deployments),
        (2, vec![deployment("a")])
    );
    assert_eq!(left.schedules, []);
}

pub(super) async fn a_schedule_keeps_its_cursor_while_its_rule_stays(store: &dyn Store) {
    let set = |since: i64| {
        let mut same = schedule("a", "same");
        same.parameters = Map::from_iter([("since".to_owned(), json!(since))]);
        let mut other = schedule("a", "other");
        other.since = since;
        // What is given of cursors means nothing.
        other.cursor = Some(99);
        vec![Change::Set(deployment("a").into(), vec![same, other])]
    };
    let pass = |slug: &str, slot| store.pass_slot(None, "a".to_owned(), slug.to_owned(), 1, slot);
    assert!(store.deploy(0, set(1)).await.unwrap());
    let there = store.deployed().await.unwrap().schedules;
    assert!(there.iter().all(|one| one.cursor.is_none()), "{there:?}");
    assert!(pass("same", 5).await.unwrap());
    assert!(pass("other", 6).await.unwrap());
    assert!(store.deploy(1, set(2)).await.unwrap());
    let there = store.deployed().await.unwrap().schedules;
    assert_eq!((there[0].since, there[0].cursor), (2, None));
    assert_eq!((there[1].since, there[1].cursor), (1, Some(5)));
    assert_eq!(there[1].parameters["since"], 2);
}

pub(super) async fn a_person_switches(store: &dyn Store) {
    let changes = vec![Change::Set(
        deployment("a").into(),
        vec![schedule("a", "x")],
    )];
    assert!(store.deploy(0, changes).await.unwrap());
    let switch = |name: &str, slug: Option<&str>, on| {
        store.switch(name.to_owned(), slug.map(str::to_owned), on, 9)
    };
    assert!(switch("a", None, Some(false)).await.unwrap());
    assert!(switch("a", Some("x"), Some(false)).await.unwrap());
    assert!(!switch("a", Some("y"), Some(false)).await.unwrap());
    assert!(!switch("b", None, Some(false)).await.unwrap());
    let there = store.deployed().await.unwrap();
    assert_eq!(there.revision, 3);
    assert!(!there.deployments[0].is_on());
    assert_eq!(there.deployments[0].changed, 9);
    assert!(!there.schedules[0].is_on());
    assert!(switch("a", None, None).await.unwrap());
    assert!(store.deployed().await.unwrap().deployments[0].is_on());
}

pub(super) async fn a_slot_is_passed_once(store: &dyn Store) {
    let changes = vec![Change::Set(
        deployment("a").into(),
        vec![schedule("a", "x")],
    )];
    assert!(store.deploy(0, changes).await.unwrap());
    let pass = |slug: &str, since, slot| {
        store.pass_slot(None, "a".to_owned(), slug.to_owned(), since, slot)
    };
    assert!(pass("x", 1, 10).await.unwrap());
    assert!(!pass("x", 1, 10).await.unwrap());
    assert!(!pass("x", 1, 9).await.unwrap());
    assert!(!pass("x", 2, 11).await.unwrap());
    assert!(!pass("y", 1, 11).await.unwrap());
    let there = store.deployed().await.unwrap();
    assert_eq!(there.schedules[0].cursor, Some(10));
    assert_eq!(there.revision, 1);
}

pub(super) async fn a_slot_is_filled_once(store: &dyn Store) {
    let changes = vec![Change::Set(
        deployment("a").into(),
        vec![schedule("a", "x")],
    )];
    assert!(store.deploy(0, changes).await.unwrap());
    let run = |number, slug: &str, at| {
        let mut run = new_run(number, "n");
        run.dispatch.deployment = Some("a".to_owned());
        run.dispatch.slot = Some(Slot {
            schedule: slug.to_owned(),
            at,
        });
        run
    };
    let filled = store.fill_slot(1, 1, run(1, "x", 10)).await.unwrap();
    assert_eq!(filled.unwrap().id, run(1, "x", 10).id);
    // Again, before it, under another rule, and where there is no schedule.
    for (number, since, slug, at) in [
        (2, 1, "x", 10),
        (3, 1, "x", 9),
        (4, 2, "x", 11),
        (5, 1, "y", 11),
    ] {
        let filled = store.fill_slot(1, since, run(number, slug, at)).await;
        let filled = filled.unwrap();
        assert_eq!(filled, None, "{number}");
        let id = run(number, slug, at).id;
        assert_eq!(store.run(id).await.unwrap(), None, "{number}");
    }
    assert_eq!(
        store.deployed().await.unwrap().schedules[0].cursor,
        Some(10)
    );
    // Somebody has asked for that run by hand.
    store.create_run(run(6, "x", 20)).await.unwrap();
    let filled = store.fill_slot(1, 1, run(7, "x", 20)).await.unwrap();
    assert_eq!(filled.unwrap().id, run(6, "x", 20).id);
    assert!(
        store
            .fill_slot(1, 1, run(8, "x", 20))
            .await
            .unwrap()
            .is_none()
    );
    // Nothing fires that is paused, from the moment on when that was acknowledged.
    let fill = async || {
        let seen = store.deployments_revision().await.unwrap();
        store.fill_slot(seen, 1, run(9, "x", 30)).await.unwrap()
    };
    for slug in [None, Some("x".to_owned())] {
        let switch = |on| store.switch("a".to_owned(), slug.clone(), on, 9);
        assert!(switch(Some(false)).await.unwrap());
        assert!(fill().await.is_none());
        assert!(switch(None).await.unwrap());
    }
    assert!(fill().await.is_some());
}

/// Whoever has read the deployments before they were changed has other parameters and another catchup.
pub(super) async fn what_was_read_before_a_change_does_not_fill(store: &dyn Store) {
    let set = || {
        vec![Change::Set(
            deployment("a").into(),
            vec![schedule("a", "x")],
        )]
    };
    let mut run = new_run(1, "n");
    run.dispatch.deployment = Some("a".to_owned());
    run.dispatch.slot = Some(Slot {
        schedule: "x".to_owned(),
        at: 10,
    });
    let pass = |seen| store.pass_slot(seen, "a".to_owned(), "x".to_owned(), 1, 10);
    assert!(store.deploy(0, set()).await.unwrap());
    assert!(store.deploy(1, set()).await.unwrap());
    assert_eq!(store.fill_slot(1, 1, run.clone()).await.unwrap(), None);
    assert_eq!(store.run(run.id).await.unwrap(), None);
    assert!(!pass(Some(1)).await.unwrap());
    assert_eq!(store.deployed().await.unwrap().schedules[0].cursor, None);
    assert!(store.fill_slot(2, 1, run).await.unwrap().is_some());
    assert!(!pass(Some(2)).await.unwrap());
}

pub(super) async fn what_has_changed_since_a_revision_is_told(store: &dyn Store) {
    let set = |name: &str, slugs: &[&str]| {
        let schedules = slugs.iter().map(|slug| schedule(name, slug));
        Change::Set(deployment(name).into(), schedules.collect())
    };
    let changes = vec![set("a", &["x", "y"]), set("b", &["x"])];
    assert!(store.deploy(0, changes).await.unwrap());
    assert_eq!(store.deployed_since(1).await.unwrap(), Some((1, vec![])));
    let (revision, mut all) = store.deployed_since(0).await.unwrap().unwrap();
    all.sort_by_key(|change| format!("{change:?}"));
    let whole = |name: &str, slugs: &[&str]| {
        let schedules = slugs.iter().map(|slug| schedule(name, slug));
        Changed::Whole(
            name.to_owned(),
            Some((deployment(name), schedules.collect())),
        )
    };
    assert_eq!(revision, 1);
    assert_eq!(all, [whole("a", &["x", "y"]), whole("b", &["x"])]);

    let (name, slug) = ("a".to_owned(), "y".to_owned());
    for on in [false, true, false] {
        let switched = store.switch(name.clone(), Some(slug.clone()), Some(on), 5);
        assert!(switched.await.unwrap());
    }
    let mut paused = schedule("a", "y");
    paused.switched = Some(false);
    let one = store.schedule(name.clone(), slug.clone()).await.unwrap();
    assert_eq!(one.as_ref(), Some(&paused));
    let one = Changed::One(name.clone(), slug.clone(), Some((deployment("a"), paused)));
    let told = store.deployed_since(1).await.unwrap();
    assert_eq!(told, Some((4, vec![one])), "once, as it is now");

    let gone = vec![Change::Remove(name.clone())];
    assert!(store.deploy(4, gone).await.unwrap());
    let told = store.deployed_since(4).await.unwrap();
    assert_eq!(told, Some((5, vec![Changed::Whole(name.clone(), None)])));
    assert_eq!(store.schedule(name, slug).await.unwrap(), None);
    let ahead = store.deployed_since(9).await.unwrap();
    assert_eq!(ahead, None, "who has read more than there is reads all");
}

pub(super) async fn only_the_last_changes_are_remembered(store: &dyn Store) {
    let change = Change::Set(deployment("a").into(), vec![]);
    assert!(store.deploy(0, vec![change]).await.unwrap());
    for _ in 0..REVISIONS_KEPT {
        assert!(store.switch("a".to_owned(), None, None, 0).await.unwrap());
    }
    assert_eq!(store.deployed_since(0).await.unwrap(), None);
    let told = store.deployed_since(1).await.unwrap().unwrap();
    assert_eq!((told.0, told.1.len()), (REVISIONS_KEPT + 1, 1));
    let many = 0..=CHANGES_MAX;
    let many = many.map(|number| Change::Set(deployment(&format!("n{number}")).into(), vec![]));
    let seen = REVISIONS_KEPT + 1;
    assert!(store.deploy(seen, many.collect()).await.unwrap());
    assert_eq!(
        store.deployed_since(seen).await.unwrap(),
        None,
        "all may as well be read"
    );
}
