//! The trait `JsonSchema`, in a module of its own so that the derive of that name can stand beside it.

pub use schemars::JsonSchema;
