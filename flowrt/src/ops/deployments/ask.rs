//! A deploy as a person or a program asks for it: what would change, then the change, unless others were faster.

use serde::{Deserialize, Serialize};

use super::{DeployFile, DeployPlan, Fate, Planned};
use crate::error::{Error, ErrorKind, Result};
use crate::ops::Engine;

/// How often it is tried again where somebody else has deployed in between.
const TRIES: u32 = 3;

/// What is to be deployed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DeployAsk {
    /// The text of a file, as in `flowrt.yaml`; none: what the program has in it.
    pub file: Option<String>,
    /// What the file is called in messages.
    pub name: Option<String>,
    /// Take away what the file does not have.
    pub prune: bool,
    /// Only tell what would change.
    pub plan: bool,
    /// Change nothing if somebody has deployed since the plan with that revision; a new plan is told then.
    pub revision: Option<u64>,
}

/// What a deploy changes, or would change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(rename = "DeployPlan")]
pub struct DeployView {
    /// It was changed; else this is what would change.
    pub applied: bool,
    /// A line a deployment, by name.
    pub deployments: Vec<Planned>,
    /// There is something to change.
    pub changes: bool,
    /// What was there when the plan was made: it differs after each deploy.
    pub revision: u64,
    /// What a person should know of the file, with its places.
    pub notes: Vec<String>,
}

impl DeployView {
    fn of(plan: &DeployPlan, notes: &[String], applied: bool) -> Self {
        Self {
            applied,
            changes: !plan.is_empty(),
            deployments: plan.deployments.clone(),
            revision: plan.revision(),
            notes: notes.to_vec(),
        }
    }

    /// How many of them have that fate.
    pub fn count(&self, fate: Fate) -> usize {
        let all = self.deployments.iter();
        all.filter(|planned| planned.fate == fate).count()
    }
}

impl Engine {
    /// Deploys what is asked for, all or nothing, or tells what that would change.
    ///
    /// # Errors
    /// If anything is wrong with the file, others deploy all the time, or the store fails.
    pub async fn deploy_as_asked(&self, ask: DeployAsk) -> Result<DeployView> {
        let file = ask.file.map(|text| DeployFile {
            name: ask.name.unwrap_or_else(|| "flowrt.yaml".to_owned()),
            text,
        });
        let checked = self.check_deployments(file.as_ref())?;
        for _ in 0..TRIES {
            let plan = self.plan_deploy(&checked, ask.prune).await?;
            let is_other = ask.revision.is_some_and(|seen| seen != plan.revision());
            if ask.plan || is_other {
                return Ok(DeployView::of(&plan, &checked.notes, false));
            }
            // Somebody else may have deployed in between: then what changes is another thing.
            if self.deploy(&plan).await? {
                return Ok(DeployView::of(&plan, &checked.notes, true));
            }
        }
        let message = format!(
            "somebody else has changed a deployment {TRIES} times while this was to be deployed"
        );
        Err(Error::new(ErrorKind::LeaseLost, message).hint("deploy again; nothing was changed"))
    }
}
