//! A program that uses flowrt does not compile two versions of syn on its account.

use crate::{Step, cargo::read_cargo};

pub const STEP: Step = Step {
    name: "no syn 2",
    run,
};

fn run() -> Result<(), String> {
    let default_build = ["tree", "-p", "flowrt", "-e", "normal,build"];
    let list =
        read_cargo(&[&default_build[..], &["--prefix", "none", "--format", "{p}"]].concat())?;
    let Some(old) = old_syn(&list) else {
        return Ok(());
    };
    let version = old.trim_start_matches("syn v");
    let users = read_cargo(&[&default_build[..], &["-i", &format!("syn@{version}")]].concat())?;
    Err(format!("the default build of flowrt holds {old}:\n{users}"))
}

/// The first syn 2 in a list of packages, one a line, as `name vVERSION`.
fn old_syn(list: &str) -> Option<String> {
    let line = list.lines().find(|line| line.starts_with("syn v2."))?;
    Some(line.split(' ').take(2).collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_only_syn_2() {
        assert_eq!(
            old_syn("serde v1.0.2\nsyn v2.0.117 (*)\n"),
            Some("syn v2.0.117".to_owned())
        );
        assert_eq!(old_syn("syn v3.0.2\nmysyn v2.0.0\nsyn v1.0.109\n"), None);
    }
}
