//! The honest outside view of flowrt: everything here uses its public interface only.

mod dag_language;
mod file_length;
mod language;
mod layering;
