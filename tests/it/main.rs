//! The honest outside view of flowrt: everything here uses its public interface only.

mod file_length;
mod language;
mod layering;
