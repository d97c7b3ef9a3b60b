//! What a file means for the flows of a program, and what a deploy changes.

use std::collections::{BTreeSet, HashMap};

use flowrt_grammar::deployments::parse;
use serde_json::{Value, json};

use super::plan::{DeployPlan, Fate, How, plan};
use super::wanted::{self, Wanted};
use crate::author::meta::Meta;
use crate::clock::{Clock, Stopwatch};
use crate::model::deployment::Source;
use crate::model::ids::RunId;
use crate::model::record::RunRecord;
use crate::ops::Engine;
use crate::prelude::*;
use crate::store::deployments::Deployed;

#[flow(name = "deployed_report")]
fn report(
    region: String,
    #[arg(default = 10)] pages: u32,
    pause: Option<Duration>,
    token: Option<Secret<String>>,
) -> Result<u32> {
    {
        let _ = (region, pause, token);
        pages
    }
}

fn flows() -> HashMap<&'static str, &'static Meta> {
    let flows = crate::registry::flows().unwrap();
    let own = ["deployed_report"];
    flows
        .into_iter()
        .filter(|(name, _)| own.contains(name))
        .collect()
}

fn read(text: &str) -> Result<Vec<Wanted>, Vec<String>> {
    let mut file = parse(text);
    let wanted = wanted::of_file(&mut file, &flows(), Source::File);
    if file.faults.is_empty() {
        return Ok(wanted);
    }
    let faults = file.faults.iter();
    Err(faults
        .map(|fault| format!("{} {}", fault.place, fault.message))
        .collect())
}

const FILE: &str = "
deployments:
- name: nightly
  entrypoint: program:deployed_report
  parameters: {region: eu, pause: 5m, token: '@API'}
  schedules:
  - {cron: 0 3 * * *, slug: night}
  - {interval: 3600, slug: hourly, parameters: {pages: 2}}
- name: by-hand
  flow_name: deployed-report
";

/// What is wanted, on top of what is there, at that time.
fn planned(wanted: Vec<Wanted>, there: &Deployed, prune: bool, now: i64) -> DeployPlan {
    let how = How {
        prune,
        own: false,
        now,
    };
    plan(wanted, there, &BTreeSet::from(["deployed_report"]), how)
}

fn fates(plan: &DeployPlan) -> Vec<(&str, Fate)> {
    let all = plan.deployments.iter();
    all.map(|planned| (&*planned.name, planned.fate)).collect()
}

#[test]
fn values_are_read_as_the_flow_takes_them() {
    let wanted = read(FILE).unwrap();
    let nightly = &wanted[0].deployment;
    assert_eq!(nightly.flow, "deployed_report");
    assert_eq!(
        Value::Object(nightly.parameters.clone()),
        json!({ "region": "eu", "pause": { "secs": 300, "nanos": 0 }, "token": { "$secret": "@API" } })
    );
    assert_eq!(wanted[0].schedules[0].rule, json!({ "cron": "0 3 * * *" }));
    assert_eq!(wanted[0].schedules[1].rule, json!({ "interval": "1 h" }));
    assert_eq!(wanted[1].deployment.flow, "deployed_report");
    assert_eq!(wanted[1].deployment.shown.as_deref(), None);
}

#[test]
fn every_parameter_that_does_not_fit_is_told_with_its_place() {
    let faults = read(
        "
deployments:
- name: a
  flow_name: deployed_reprot
- name: b
  flow_name: deployed_report
  parameters:
    region: 5
    token: hunter2
    pgaes: 1
- name: c
  flow_name: deployed_report
  schedules:
  - {cron: '@daily', parameters: {pages: many}}
  - {cron: '@hourly', parameters: {region: eu}}
",
    )
    .unwrap_err();
    assert_eq!(
        faults,
        [
            "4:14 there is no flow `deployed_reprot` in this program",
            "8:13 `region` expects text, got 5",
            "9:12 this parameter is a secret, and a file is no place for its value; write @NAME (after `secrets set NAME`), env:NAME or file:PATH",
            "10:12 `pgaes` is no parameter; did you mean `pages`?",
            "11:9 `region` of `deployed_report` is missing: it expects text; a schedule starts it, and nobody is there to give one",
            "14:42 `pages` expects a whole number, got \"many\"",
        ]
    );
}

#[test]
fn a_second_deploy_of_the_same_file_changes_nothing() {
    let there = deployed(read(FILE).unwrap());
    let plan = planned(read(FILE).unwrap(), &there, true, 9);
    assert_eq!(
        fates(&plan),
        [("by-hand", Fate::Unchanged), ("nightly", Fate::Unchanged)]
    );
    assert!(plan.is_empty());
}

#[test]
fn what_differs_is_told_and_what_stays_keeps_its_place() {
    let mut there = deployed(read(FILE).unwrap());
    there.deployments[1].switched = Some(false);
    there.schedules[0].switched = Some(false);
    let changed = FILE
        .replace("region: eu", "region: us")
        .replace("0 3 * * *", "0 4 * * *");
    let plan = planned(read(&changed).unwrap(), &there, false, 9);
    assert_eq!(
        fates(&plan),
        [("by-hand", Fate::Unchanged), ("nightly", Fate::Changed)]
    );
    let differences: Vec<String> = plan.deployments[1]
        .differences
        .iter()
        .map(|one| format!("{} {} {}", one.what, one.old, one.new))
        .collect();
    assert_eq!(
        differences,
        [
            r#"parameters.region "eu" "us""#,
            r#"schedules.night.cron "0 3 * * *" "0 4 * * *""#
        ]
    );
    let after = apply(plan, there);
    assert_eq!(after.deployments[1].switched, Some(false));
    assert_eq!(
        (after.deployments[1].created, after.deployments[1].changed),
        (1, 9)
    );
    let since: Vec<_> = after
        .schedules
        .iter()
        .map(|one| (&*one.slug, one.since))
        .collect();
    assert_eq!(since, [("hourly", 1), ("night", 9)]);
    assert_eq!(after.schedules[0].switched, Some(false));
}

#[test]
fn what_passed_while_a_schedule_did_not_fire_is_over() {
    let off = FILE.replace("slug: hourly", "slug: hourly, active: false");
    let there = deployed(read(&off).unwrap());
    let after = apply(planned(read(FILE).unwrap(), &there, false, 9), there);
    let since: Vec<_> = after.schedules.iter().map(|one| one.since).collect();
    assert_eq!(since, [9, 1]);
    let off = FILE.replace("entrypoint: program", "paused: true\n  entrypoint: program");
    let there = deployed(read(&off).unwrap());
    let after = apply(planned(read(FILE).unwrap(), &there, false, 9), there);
    let since: Vec<_> = after.schedules.iter().map(|one| one.since).collect();
    assert_eq!(since, [9, 9]);
}

#[test]
fn what_the_file_has_no_more_stays_until_that_is_asked_for() {
    let there = deployed(read(FILE).unwrap());
    let less = &FILE[..FILE.find("- name: by-hand").unwrap()];
    let gone = planned(read(less).unwrap(), &there, false, 9);
    assert_eq!(
        fates(&gone),
        [("by-hand", Fate::Gone), ("nightly", Fate::Unchanged)]
    );
    assert!(gone.is_empty());
    let pruned = planned(read(less).unwrap(), &there, true, 9);
    assert_eq!(pruned.deployments[0].fate, Fate::Removed);
    assert_eq!(apply(pruned, there).deployments.len(), 1);
}

#[test]
fn deployments_of_flows_of_other_programs_are_left_alone() {
    let mut there = deployed(read(FILE).unwrap());
    for record in &mut there.deployments {
        record.deployment.flow = "elsewhere".to_owned();
        record.deployment.name = format!("other-{}", record.deployment.name);
    }
    let plan = planned(Vec::new(), &there, true, 9);
    assert_eq!(plan.deployments, []);
    assert!(plan.is_empty());
}

#[test]
fn what_a_program_has_in_it_does_not_undo_what_a_person_deployed() {
    let there = deployed(read(FILE).unwrap());
    let mut own = read(&FILE.replace("region: eu", "region: us")).unwrap();
    for wanted in &mut own {
        wanted.deployment.source = Source::Program;
    }
    let mut default = own[1].clone();
    default.deployment.name = "deployed_report".to_owned();
    default.deployment.source = Source::Flow;
    own.push(default);
    let how = How {
        prune: false,
        own: true,
        now: 9,
    };
    let plan = plan(own, &there, &BTreeSet::from(["deployed_report"]), how);
    assert_eq!(
        fates(&plan),
        [("by-hand", Fate::Kept), ("nightly", Fate::Kept)]
    );
    assert!(plan.is_empty());
}

#[test]
fn a_new_schedule_that_makes_up_for_all_begins_at_its_start() {
    let text = "
deployments:
- name: a
  flow_name: deployed_report
  parameters: {region: eu}
  schedules:
  - {cron: '@daily', start: 1970-01-01T00:00Z, catchup: all, slug: a}
  - {cron: '@daily', start: 1970-01-01T00:00Z, slug: b}
";
    let there = apply(
        planned(read(text).unwrap(), &Deployed::default(), false, 7),
        Deployed::default(),
    );
    let since: Vec<_> = there.schedules.iter().map(|one| one.since).collect();
    assert_eq!(since, [-1, 7]);
}

/// The store after a first deploy at 1.
fn deployed(wanted: Vec<Wanted>) -> Deployed {
    let none = Deployed::default();
    apply(planned(wanted, &none, false, 1), none)
}

/// What the store has after the plan was carried out.
fn apply(plan: DeployPlan, there: Deployed) -> Deployed {
    use crate::store::deployments::Change;
    let mut after = there;
    for change in plan.changes {
        let name = match &change {
            Change::Set(record, _) => record.deployment.name.clone(),
            Change::Remove(name) => name.clone(),
        };
        after.deployments.retain(|one| one.deployment.name != name);
        after.schedules.retain(|one| one.deployment != name);
        if let Change::Set(record, schedules) = change {
            after.deployments.push(*record);
            after.schedules.extend(schedules);
        }
    }
    after
        .deployments
        .sort_by(|a, b| a.deployment.name.cmp(&b.deployment.name));
    after
        .schedules
        .sort_by(|a, b| (&a.deployment, &a.slug).cmp(&(&b.deployment, &b.slug)));
    after
}

#[tokio::test]
async fn a_run_of_a_deployment_says_where_it_comes_from() {
    let engine = Engine::open("memory:").await.unwrap();
    let file = super::DeployFile {
        name: "f.yaml".to_owned(),
        text: FILE.replace("token: '@API'", "pages: 4"),
    };
    let checked = engine.check_deployments(Some(&file)).unwrap();
    let plan = engine.plan_deploy(&checked, false).await.unwrap();
    assert!(engine.deploy(&plan).await.unwrap());
    assert!(!engine.deploy(&plan).await.unwrap(), "it was made before");

    let given = serde_json::Map::from_iter([("pages".to_owned(), json!(7))]);
    let run = engine
        .run_deployment("nightly", given, crate::ops::Start::default())
        .await
        .unwrap();
    assert_eq!(run.flow, "deployed_report");
    assert_eq!(run.dispatch.deployment.as_deref(), Some("nightly"));
    assert_eq!(run.input.to_value()["pages"], 7);
    assert_eq!(run.input.to_value()["region"], "eu");
    assert_eq!(engine.workers_for(&run).await.unwrap(), 0);

    let wrong = serde_json::Map::from_iter([("pagse".to_owned(), json!(7))]);
    let refused = engine
        .run_deployment("nightly", wrong, crate::ops::Start::default())
        .await;
    assert!(
        refused
            .unwrap_err()
            .message()
            .contains("did you mean `pages`?")
    );

    let schema = engine.deployment_schema("nightly").await.unwrap();
    assert_eq!(schema["properties"]["region"]["default"], "eu");
    assert_eq!(schema["required"], json!([]));

    assert!(
        !engine
            .switch_deployment("nightly", false)
            .await
            .unwrap()
            .fires
    );
    assert!(
        engine
            .switch_deployment("nightly", true)
            .await
            .unwrap()
            .fires
    );
    let unknown = engine.deployment("nigthly").await.unwrap_err();
    assert_eq!(unknown.try_this(), Some("did you mean `nightly`?"));
    engine.delete_deployment("nightly").await.unwrap();
    assert!(engine.deployment("nightly").await.is_err());
    assert!(engine.record(run.id).await.is_ok(), "its runs stay");
}

#[flow(name = "deployed_held")]
async fn held() -> Result<bool> {
    receive::<bool>("go").await
}

#[flow(name = "deployed_broken")]
fn broken() -> Result<u32> {
    always()
}

#[task(name = "deployed_always")]
fn always() -> Result<u32> {
    Err("broken for good".into())
}

/// An engine with those deployments, and what starts a run of one.
async fn engine(text: &str) -> Engine {
    let engine = Engine::open("memory:").await.unwrap();
    let file = super::DeployFile {
        name: "f.yaml".to_owned(),
        text: text.to_owned(),
    };
    let checked = engine.check_deployments(Some(&file)).unwrap();
    let plan = engine.plan_deploy(&checked, false).await.unwrap();
    assert!(engine.deploy(&plan).await.unwrap());
    engine
}

async fn start(engine: &Engine, name: &str) -> crate::ops::RunHandle {
    let report = engine.deployment(name).await.unwrap();
    let deployment = report.record.deployment;
    let mut start = super::start_of(&deployment, crate::ops::Start::default());
    // Driven here, and not left to a worker.
    start.dispatch.queue = None;
    engine
        .start_with(&deployment.flow, &json!({}), start)
        .await
        .unwrap()
}

/// Waits until the run is so, with so many waits in its record.
async fn until(engine: &Engine, run: RunId, holds: impl Fn(&RunRecord, usize) -> bool) {
    let watch = Stopwatch::start();
    loop {
        let record = engine.record(run).await.unwrap();
        let waits = engine.journal(run).await.unwrap().waits.len();
        if holds(&record, waits) {
            return;
        }
        assert!(watch.elapsed().as_secs() < 60, "{record:?}");
        Clock::real().sleep(Duration::from_millis(1)).await;
    }
}

/// Waits until the run stands in the queue of its deployment, behind another.
async fn until_queued(engine: &Engine, run: RunId) {
    let watch = Stopwatch::start();
    loop {
        let buckets = engine.store().buckets(None).await.unwrap();
        let mut waiting = buckets.iter().flat_map(|bucket| bucket.waiting());
        if waiting.any(|ticket| ticket.run == run) {
            return;
        }
        assert!(watch.elapsed().as_secs() < 60, "{buckets:?}");
        Clock::real().sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn a_deployment_bounds_its_runs() {
    use crate::model::state::RunState;
    for (policy, one_more, first) in [
        ("skip", RunState::Skipped, RunState::Completed),
        ("cancel_new", RunState::Cancelled, RunState::Completed),
        ("cancel_previous", RunState::Completed, RunState::Cancelled),
        ("queue", RunState::Completed, RunState::Completed),
    ] {
        let engine = engine(&format!(
            "deployments: [{{name: d, flow_name: deployed_held, concurrency_limit: {{limit: 1, on_conflict: {policy}}}}}]"
        ))
        .await;
        let older = start(&engine, "d").await;
        until(&engine, older.id, |run, waits| {
            run.state == RunState::Waiting && waits > 0
        })
        .await;
        let newer = start(&engine, "d").await;
        // Whoever has to give way does so before the other is let go on.
        let gives_way = match policy {
            "skip" | "cancel_new" => Some(newer.id),
            "cancel_previous" => Some(older.id),
            _ => None,
        };
        if let Some(run) = gives_way {
            until(&engine, run, |run, _| run.state.is_final()).await;
        }
        // Whoever has to wait does so until the other has ended.
        if policy == "queue" {
            until_queued(&engine, newer.id).await;
            assert_eq!(engine.journal(newer.id).await.unwrap().waits, []);
        }
        // A run that has ended takes none.
        let _ = engine.signal(older.id, "go", &json!(true)).await;
        let older = older.wait().await.unwrap();
        if policy == "queue" {
            until(&engine, newer.id, |_, waits| waits > 0).await;
        }
        let _ = engine.signal(newer.id, "go", &json!(true)).await;
        let newer = newer.wait().await.unwrap();
        assert_eq!((older.state, newer.state), (first, one_more), "{policy}");
    }
}

#[tokio::test]
async fn a_deployment_says_how_often_and_how_long_instead_of_its_flow() {
    use crate::model::state::RunState;
    let engine = engine(
        "
deployments:
- {name: patient, flow_name: deployed_broken, retries: 2}
- {name: hasty, flow_name: deployed_held, timeout: 20ms}
",
    )
    .await;
    let ended = start(&engine, "patient").await.wait().await.unwrap();
    assert_eq!((ended.state, ended.attempt), (RunState::Failed, 3));
    let ended = start(&engine, "hasty").await.wait().await.unwrap();
    assert_eq!(ended.state, RunState::TimedOut);
}
