//! What a company gives its teams: the run time and common tasks under names of its own.

/// The run time.
pub use flowrt as workflows;

/// Common tasks, taken from another crate.
pub mod tasks {
    pub use team_flows::double as twice;
}
