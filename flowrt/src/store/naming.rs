//! How runs are named and found by what a person types.

use uuid::Uuid;

/// `base`, or the first of `base-2`, `base-3`, … that is free. A name that thousands of runs have is not probed one by
/// one: the number is found by doubling and halving, so after deletions it need not be the smallest free one.
pub(super) fn free_name<E>(
    base: &str,
    mut is_taken: impl FnMut(&str) -> Result<bool, E>,
) -> Result<String, E> {
    if !is_taken(base)? {
        return Ok(base.to_owned());
    }
    let name = |number: u64| format!("{base}-{number}");
    let (mut taken, mut free) = (1, 2);
    while is_taken(&name(free))? {
        (taken, free) = (free, free * 2);
    }
    while free - taken > 1 {
        let middle = taken + (free - taken) / 2;
        if is_taken(&name(middle))? {
            taken = middle;
        } else {
            free = middle;
        }
    }
    Ok(name(free))
}

/// The lowest and the highest id whose text starts with `text`; `None` if it is no such start of at least 4 characters.
pub(super) fn id_range(text: &str) -> Option<(Uuid, Uuid)> {
    let form = Uuid::nil().hyphenated().to_string();
    if text.len() < 4 || text.len() > form.len() {
        return None;
    }
    let fits = text.chars().zip(form.chars()).all(|(typed, place)| {
        (place == '-') == (typed == '-') && (typed == '-' || typed.is_ascii_hexdigit())
    });
    if !fits {
        return None;
    }
    let rest = &form[text.len()..];
    let low = Uuid::parse_str(&format!("{text}{rest}")).ok()?;
    let high = Uuid::parse_str(&format!("{text}{}", rest.replace('0', "f"))).ok()?;
    Some((low, high))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::convert::Infallible;

    use super::*;

    #[test]
    fn names_count_up_without_gaps() {
        let mut taken = HashSet::new();
        for number in 1..200 {
            let Ok(name) = free_name("calm", |name| Ok::<_, Infallible>(taken.contains(name)));
            let expected = if number == 1 {
                "calm".to_owned()
            } else {
                format!("calm-{number}")
            };
            assert_eq!(name, expected);
            taken.insert(name);
        }
    }

    #[test]
    fn a_range_holds_exactly_the_ids_with_that_start() {
        let (low, high) = id_range("0192F0c1-2").expect("a start of an id");
        assert_eq!(low.to_string(), "0192f0c1-2000-0000-0000-000000000000");
        assert_eq!(high.to_string(), "0192f0c1-2fff-ffff-ffff-ffffffffffff");
        for text in ["019", "019x", "0192f0c12", "", "ü192", "calm-otter"] {
            assert!(id_range(text).is_none(), "{text}");
        }
    }
}
