//! Which function makes a resource.

use std::any::TypeId;

use super::RegisteredResource;
use crate::error::{Error, ErrorKind, Result};

/// The function that makes that type.
pub(super) fn maker(id: TypeId, name: &str) -> Result<&'static RegisteredResource> {
    let maker = only_maker(id, name)?;
    match circle(maker) {
        None => Ok(maker),
        Some(names) => Err(Error::new(
            ErrorKind::Misuse,
            format!(
                "resources need each other in a circle: {}",
                names.join(" → ")
            ),
        )
        .hint("let one of them make what it needs by itself")),
    }
}

fn makers(id: TypeId) -> impl Iterator<Item = &'static RegisteredResource> {
    inventory::iter::<RegisteredResource>
        .into_iter()
        .filter(move |one| (one.type_id)() == id)
}

fn only_maker(id: TypeId, name: &str) -> Result<&'static RegisteredResource> {
    let mut makers = makers(id);
    let Some(maker) = makers.next() else {
        return Err(
            Error::new(ErrorKind::Misuse, format!("no resource makes a `{name}`")).hint(
                "write `#[resource] async fn …() -> Result<T>`, and link the crate that holds it",
            ),
        );
    };
    match makers.next() {
        None => Ok(maker),
        Some(other) => {
            let message = format!(
                "two resources make a `{name}`: {}:{} and {}:{}",
                maker.file, maker.line, other.file, other.line
            );
            Err(Error::new(ErrorKind::Misuse, message)
                .hint("keep one of them, or give each a type of its own"))
        }
    }
}

/// The names along a circle in which a resource stands or to which it leads. Each waits for what it takes, so they would
/// wait for ever.
fn circle(maker: &'static RegisteredResource) -> Option<Vec<&'static str>> {
    fn walk(
        maker: &'static RegisteredResource,
        path: &mut Vec<&'static RegisteredResource>,
        done: &mut Vec<TypeId>,
    ) -> Option<Vec<&'static str>> {
        let id = (maker.type_id)();
        if let Some(from) = path.iter().position(|above| (above.type_id)() == id) {
            let around = path[from..].iter().map(|one| one.name);
            return Some(around.chain([maker.name]).collect());
        }
        if done.contains(&id) {
            return None;
        }
        path.push(maker);
        for needed in maker.needs {
            let found = makers(needed()).find_map(|below| walk(below, path, done));
            if found.is_some() {
                return found;
            }
        }
        path.pop();
        done.push(id);
        None
    }
    walk(maker, &mut Vec::new(), &mut Vec::new())
}
