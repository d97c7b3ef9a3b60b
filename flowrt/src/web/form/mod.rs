//! The form for a flow's parameters, made from their JSON Schema: what to type, and what was wrong with what was typed.

mod fields;
mod read;
#[cfg(test)]
mod tests;

pub(super) use fields::{Field, Look, Typed, fields};
pub(super) use read::read;

/// A parameter's name in the form, apart from the form's own fields.
fn input_name(param: &str) -> String {
    format!("p.{param}")
}
