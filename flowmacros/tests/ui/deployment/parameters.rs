use flowrt::prelude::*;

#[flow]
fn report(region: String, pages: u32, days: Option<Vec<u8>>) -> Result<u32> {
    { pages + region.len() as u32 + days.map_or(0, |days| days.len() as u32) }
}

flowrt::deployments!("
deployments:
- name: wrong-types
  flow_name: report
  parameters:
    region: 5
    pages: -1
    days: [1, 300]
- name: unknown
  flow_name: report
  parameters: {regoin: eu}
- name: lacking
  flow_name: report
  parameters: {region: eu}
  schedule: '@daily'
- name: by-hand
  flow_name: report
");

fn main() {}
