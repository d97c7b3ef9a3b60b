//! The honest outside view of flowrt: everything here uses its public interface only.

mod artifacts;
mod bench;
mod breaking;
mod bundle;
mod cache;
mod cargo_builds;
mod command_line;
mod dag_language;
mod dag_runs;
mod documents;
mod examples;
mod faults;
mod file_length;
mod language;
mod layering;
mod lifecycle;
mod limits;
mod live;
mod outcome;
mod pictures;
mod registry;
mod replay;
mod resume;
mod soak;
mod steps;
mod testing;
