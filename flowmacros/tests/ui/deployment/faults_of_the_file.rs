use flowrt::prelude::*;

#[flow]
fn report(pages: u32) -> Result<u32> {
    { pages }
}

flowrt::deployments!("
deployments:
- name: nightly
  flow_name: report
  parameters: {pages: 3}
  shedule: {cron: 0 3 * * *}
- name: weekly
  flow_name: report
  parameters: {pages: 3}
  schedules:
  - {cron: 0 25 * * *, timezone: Asia/Tokio}
  - rrule: FREQ=SOMETIMES
");

fn main() {}
