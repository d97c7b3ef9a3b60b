flowrt::deployments!("nowhere.yaml");

fn main() {}
