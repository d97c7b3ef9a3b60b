//! What is told of `job_variables`: the names of variables, but none of their values, since a key may be among them.

use serde_json::{Map, Value};

use super::plan::Difference;
use crate::mask::MASK;
use crate::model::deployment::Deployment;

/// The deployment as it is told.
pub(super) fn deployment(mut deployment: Deployment) -> Deployment {
    hide_in(&mut deployment.job_variables);
    deployment
}

/// The difference as it is told.
pub(super) fn difference(mut difference: Difference) -> Difference {
    let Some(place) = difference.what.strip_prefix("job_variables") else {
        return difference;
    };
    for value in [&mut difference.old, &mut difference.new] {
        match place {
            "" => {
                if let Value::Object(variables) = value {
                    hide_in(variables);
                }
            }
            place if place == ".env" || place.starts_with(".env.") => hide(value),
            _ => {}
        }
    }
    difference
}

fn hide_in(job_variables: &mut Map<String, Value>) {
    if let Some(env) = job_variables.get_mut("env") {
        hide(env);
    }
}

fn hide(value: &mut Value) {
    match value {
        Value::Object(fields) => fields.values_mut().for_each(hide),
        Value::Null => {}
        value => *value = MASK.into(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_are_told_and_values_are_not() {
        let of = |what: &str, new: Value| {
            let told = difference(Difference {
                what: what.to_owned(),
                old: Value::Null,
                new,
            });
            assert_eq!(told.old, Value::Null);
            told.new
        };
        let env = json!({ "KEY": "4711", "HOME": null });
        let told = json!({ "KEY": MASK, "HOME": null });
        let all = json!({ "env": env, "working_dir": "/srv" });
        assert_eq!(
            of("job_variables", all),
            json!({ "env": told, "working_dir": "/srv" })
        );
        assert_eq!(of("job_variables.env", env), told);
        assert_eq!(of("job_variables.env.a.b", json!("4711")), json!(MASK));
        for open in [
            "job_variables.working_dir",
            "parameters.env",
            "job_variables.environment",
        ] {
            assert_eq!(of(open, json!("/srv")), json!("/srv"), "{open}");
        }
    }
}
