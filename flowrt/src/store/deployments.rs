//! Deployments and their schedules, as a store keeps them.

use super::Answer;
use crate::model::deployment::{DeploymentRecord, ScheduleRecord};
use crate::model::record::{Micros, NewRun, RunRecord};

/// All deployments of one moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Deployed {
    /// Raised by every change of a deployment or schedule, but not by cursors.
    pub revision: u64,
    /// By name.
    pub deployments: Vec<DeploymentRecord>,
    /// By deployment and slug.
    pub schedules: Vec<ScheduleRecord>,
}

/// One change of a deploy.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// The deployment is as given, and has these schedules and no others. A schedule that is there already with the same
    /// `since` keeps its cursor; what is given of cursors is not looked at otherwise.
    Set(Box<DeploymentRecord>, Vec<ScheduleRecord>),
    /// It is gone, and so are its schedules. Its runs stay.
    Remove(String),
}

/// The revisions before the present one of which a store remembers what they changed.
pub const REVISIONS_KEPT: u64 = 1_000;

/// Of more changes than these, all is read anew.
pub const CHANGES_MAX: usize = 1_000;

/// What has changed, as it is now.
#[derive(Debug, Clone, PartialEq)]
pub enum Changed {
    /// A deployment with all its schedules; none if it is gone.
    Whole(String, Option<(DeploymentRecord, Vec<ScheduleRecord>)>),
    /// The schedule of a deployment by its slug; none if it, or the deployment, is gone.
    One(String, String, Option<(DeploymentRecord, ScheduleRecord)>),
}

/// What a store does with deployments. Every change is synced.
pub trait Deployments {
    /// All of them.
    fn deployed(&self) -> Answer<'_, Deployed>;

    /// One, with its schedules.
    fn deployment(
        &self,
        name: String,
    ) -> Answer<'_, Option<(DeploymentRecord, Vec<ScheduleRecord>)>>;

    /// The present revision and what has changed since that one, in no order; `None` if that is not known any more, or so
    /// much has changed that all may as well be read.
    fn deployed_since(&self, seen: u64) -> Answer<'_, Option<(u64, Vec<Changed>)>>;

    /// One schedule of one deployment.
    fn schedule(&self, deployment: String, slug: String) -> Answer<'_, Option<ScheduleRecord>>;

    /// One, without its schedules, of which there may be very many.
    fn deployment_alone(&self, name: String) -> Answer<'_, Option<DeploymentRecord>>;

    /// The number that every change of a deployment or schedule raises, but not that of a cursor. Costs next to nothing.
    fn deployments_revision(&self) -> Answer<'_, u64>;

    /// Does all changes if the revision is still `seen`, else none. Whether it did.
    fn deploy(&self, seen: u64, changes: Vec<Change>) -> Answer<'_, bool>;

    /// Sets what a person says of a deployment, or (`slug`) of one of its schedules; `false` if there is none.
    fn switch(
        &self,
        deployment: String,
        slug: Option<String>,
        on: Option<bool>,
        now: Micros,
    ) -> Answer<'_, bool>;

    /// Moves the cursor of a schedule forward, unless its rule is not that of `since` any more, the cursor is there
    /// already, or the revision is given and is another by now; whether it moved.
    fn pass_slot(
        &self,
        seen: Option<u64>,
        deployment: String,
        slug: String,
        since: Micros,
        slot: Micros,
    ) -> Answer<'_, bool>;

    /// Accepts the run of a slot, which its dispatch names, and moves the cursor of the schedule there, in one transaction.
    /// `None`, and nothing is changed, if the revision is not `seen` any more (the run may be made of parameters that do not
    /// hold), the rule of the schedule is not that of `since`, the cursor is there already, or the schedule or its deployment
    /// does not fire. A run that is there for the same slot is returned in place of the new one.
    fn fill_slot(&self, seen: u64, since: Micros, run: NewRun) -> Answer<'_, Option<RunRecord>>;
}
