//! What the pictures of well-known shapes look like, and what holds for the picture of any graph.

mod other;
mod properties;
mod random;
mod samples;
mod text;
mod trace;
