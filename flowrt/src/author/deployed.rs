//! What `deployments!` checks when the program compiles: its expansion asks these in constants, and stops the compiler with
//! what they say.

use crate::author::call::{Callable, TaskCall, call};
use crate::author::meta::{Kind, Meta};
use crate::author::stub::STUB;

/// A parameter as a file gives it.
#[derive(Debug)]
pub struct GivenParam {
    /// Its name.
    pub name: &'static str,
    /// Where its value stands: `flowrt.yaml:13:10`.
    pub place: &'static str,
    /// Its value.
    pub value: Given,
    /// Its value as a message shows it.
    pub shown: &'static str,
}

/// As much of a value as can be compared with a type's name.
#[derive(Debug)]
pub enum Given {
    /// Nothing.
    Null,
    /// Yes or no.
    Bool,
    /// A whole number, and how it compares with what types hold.
    Integer(i128),
    /// Another number.
    Float,
    /// A text.
    Text,
    /// A list.
    List(&'static [Given]),
    /// A map.
    Map,
}

/// The longest message; the rest is cut off.
const MESSAGE_BYTES: usize = 1024;

/// A message that is put together while the program compiles.
#[derive(Debug)]
pub struct Message {
    bytes: [u8; MESSAGE_BYTES],
    length: usize,
}

/// Stands for a flow that is not there where the macro stands.
pub fn missing() -> TaskCall<Missing> {
    call(())
}

/// See [`missing`].
#[derive(Debug)]
pub struct Missing;

impl Callable for Missing {
    type Args = ();
    type Output = ();
    const META: &'static Meta = &Meta {
        kind: Kind::Dag,
        ..nothing()
    };
}

const fn nothing() -> Meta {
    Meta {
        name: STUB.name,
        function: STUB.function,
        module: STUB.module,
        file: STUB.file,
        line: STUB.line,
        doc: STUB.doc,
        kind: STUB.kind,
        params: STUB.params,
        fingerprint: STUB.fingerprint,
        body: STUB.body,
        task: STUB.task,
        flow: STUB.flow,
        graph: STUB.graph,
        sites: STUB.sites,
    }
}

/// What is wrong with the flow of a deployment.
pub const fn flow_fault(meta: &Meta, place: &str, name: &str) -> Message {
    let message = Message::new();
    match (meta.name.is_empty(), &meta.kind) {
        (true, Kind::Dag) => message
            .with(place)
            .with(": there is no flow `")
            .with(name)
            .with("` where `deployments!` stands\n\nbring it there with `use`, or write its path, as in `entrypoint: program:module::flow`"),
        (false, Kind::Task) => message
            .with(place)
            .with(": `")
            .with(name)
            .with("` is a task, and deployments start flows\n\ncall it from a `#[flow]`"),
        _ => message,
    }
}

/// What is wrong with a parameter of a deployment.
pub const fn param_fault(meta: &Meta, given: &GivenParam) -> Message {
    let message = Message::new();
    // What is wrong with the flow is said elsewhere.
    if meta.name.is_empty() || matches!(meta.kind, Kind::Task) {
        return message;
    }
    let message = message.with(given.place).with(": ");
    let mut index = 0;
    while index < meta.params.len() {
        let param = &meta.params[index];
        if is(param.name, given.name) {
            if fits(param.ty.as_bytes(), &given.value) {
                return Message::new();
            }
            return message
                .with("`")
                .with(given.name)
                .with("` of `")
                .with(meta.name)
                .with("` takes `")
                .with(param.ty)
                .with("`, not ")
                .with(given.shown);
        }
        index += 1;
    }
    message
        .with("`")
        .with(meta.name)
        .with("` has no parameter `")
        .with(given.name)
        .with("`\n\n")
        .with_names(meta)
}

/// Whether a schedule starts the flow without a parameter that has no default.
pub const fn lack(meta: &Meta, place: &str, names: &[&str]) -> Message {
    let message = Message::new();
    if meta.name.is_empty() || matches!(meta.kind, Kind::Task) {
        return message;
    }
    let mut index = 0;
    while index < meta.params.len() {
        let param = &meta.params[index];
        let mut is_given = param.default.is_some();
        let mut name = 0;
        while name < names.len() {
            is_given = is_given || is(param.name, names[name]);
            name += 1;
        }
        if !is_given {
            return message
                .with(place)
                .with(": `")
                .with(meta.name)
                .with("` needs `")
                .with(param.name)
                .with("`, and a schedule starts it: nobody is there to give one\n\nput it under `parameters`");
        }
        index += 1;
    }
    message
}

impl Message {
    const fn new() -> Self {
        Self {
            bytes: [0; MESSAGE_BYTES],
            length: 0,
        }
    }

    /// Whether there is nothing to say.
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The text.
    pub const fn text(&self) -> &str {
        let (text, _) = self.bytes.split_at(self.length);
        match std::str::from_utf8(text) {
            Ok(text) => text,
            // It was cut within a letter.
            Err(error) => {
                let (text, _) = self.bytes.split_at(error.valid_up_to());
                match std::str::from_utf8(text) {
                    Ok(text) => text,
                    Err(_) => "",
                }
            }
        }
    }

    const fn with(mut self, text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut index = 0;
        while index < bytes.len() && self.length < MESSAGE_BYTES {
            self.bytes[self.length] = bytes[index];
            self.length += 1;
            index += 1;
        }
        self
    }

    const fn with_names(self, meta: &Meta) -> Self {
        if meta.params.is_empty() {
            return self.with("it has none");
        }
        let mut message = self.with("it has ");
        let mut index = 0;
        while index < meta.params.len() {
            message = message
                .with(if index == 0 { "`" } else { ", `" })
                .with(meta.params[index].name)
                .with("`");
            index += 1;
        }
        message
    }
}

const fn is(one: &str, other: &str) -> bool {
    are_equal(one.as_bytes(), other.as_bytes())
}

const fn are_equal(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let mut index = 0;
    while index < one.len() {
        if one[index] != other[index] {
            return false;
        }
        index += 1;
    }
    true
}

/// Whether a value can be of the type of that name. Of types that are not std's, that is told when it is deployed.
const fn fits(ty: &[u8], given: &Given) -> bool {
    let (base, inner) = parts(ty);
    if are_equal(base, b"Option") {
        return matches!(given, Given::Null) || fits(inner, given);
    }
    if are_equal(base, b"Vec") {
        return match given {
            Given::List(items) => {
                let mut index = 0;
                while index < items.len() {
                    if !fits(inner, &items[index]) {
                        return false;
                    }
                    index += 1;
                }
                true
            }
            _ => false,
        };
    }
    if are_equal(base, b"String") {
        return matches!(given, Given::Text);
    }
    if are_equal(base, b"bool") {
        return matches!(given, Given::Bool);
    }
    if are_equal(base, b"f32") || are_equal(base, b"f64") {
        return matches!(given, Given::Integer(_) | Given::Float);
    }
    match (bounds(base), given) {
        (Some((least, most)), Given::Integer(number)) => *number >= least && *number <= most,
        (Some(_), _) => false,
        (None, _) => true,
    }
}

const fn bounds(ty: &[u8]) -> Option<(i128, i128)> {
    Some(match ty {
        b"u8" => (0, u8::MAX as i128),
        b"u16" => (0, u16::MAX as i128),
        b"u32" => (0, u32::MAX as i128),
        b"u64" | b"usize" => (0, u64::MAX as i128),
        b"i8" => (i8::MIN as i128, i8::MAX as i128),
        b"i16" => (i16::MIN as i128, i16::MAX as i128),
        b"i32" => (i32::MIN as i128, i32::MAX as i128),
        b"i64" | b"isize" => (i64::MIN as i128, i64::MAX as i128),
        _ => return None,
    })
}

/// `std::vec::Vec<u8>` is a `Vec` of `u8`.
const fn parts(ty: &[u8]) -> (&[u8], &[u8]) {
    let mut open = 0;
    while open < ty.len() && ty[open] != b'<' {
        open += 1;
    }
    let (mut base, rest) = ty.split_at(open);
    let mut index = base.len();
    while index > 0 {
        if base[index - 1] == b':' {
            base = base.split_at(index).1;
            break;
        }
        index -= 1;
    }
    match rest {
        [_, inner @ .., _] => (base, inner),
        _ => (base, rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_compared_with_the_names_of_types() {
        let text: &[Given] = &[Given::Text];
        for (ty, given, expected) in [
            ("String", Given::Text, true),
            ("std::string::String", Given::Text, true),
            ("String", Given::Integer(5), false),
            ("u8", Given::Integer(255), true),
            ("u8", Given::Integer(256), false),
            ("u8", Given::Integer(-1), false),
            ("i64", Given::Float, false),
            ("f64", Given::Integer(1), true),
            ("bool", Given::Text, false),
            ("Option<u32>", Given::Null, true),
            ("Option<u32>", Given::Text, false),
            ("Vec<String>", Given::List(text), true),
            ("Vec<u32>", Given::List(text), false),
            ("Option<Vec<u32>>", Given::List(text), false),
            ("Region", Given::Text, true),
            ("Secret<String>", Given::Text, true),
        ] {
            assert_eq!(fits(ty.as_bytes(), &given), expected, "{ty} {given:?}");
        }
    }

    #[test]
    fn a_message_that_is_too_long_is_cut_between_letters() {
        let long = "é".repeat(MESSAGE_BYTES);
        let message = Message::new().with("x").with(&long);
        assert!(message.text().ends_with('é'));
        assert!(!message.is_empty());
    }
}
