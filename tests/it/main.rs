//! The honest outside view of flowrt: everything here uses its public interface only.

mod breaking;
mod command_line;
mod dag_language;
mod dag_runs;
mod file_length;
mod language;
mod layering;
mod lifecycle;
mod limits;
mod outcome;
mod replay;
mod resume;
mod steps;
