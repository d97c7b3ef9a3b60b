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
  work_pool:
    job_variables: {env: {A: [b], B=C: d}, working_dir: 7}
");

fn main() {}
