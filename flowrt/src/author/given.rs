//! Values from outside that every replay gives again: the time, chance.

use crate::author::core::Core;
use crate::author::frame::{self, Frame};
use crate::author::scope::{Scope, fixed_name};
use crate::clock::{self, Clock};
use crate::model::payload::Payload;
use crate::model::record::Micros;

/// The time, recorded with the next step: every replay gives the same. In a DAG each node has times of its own.
///
/// Outside of a run it is the time of the clock.
pub fn now() -> jiff::Timestamp {
    let Some(scope) = place() else {
        return timestamp(Clock::real().now());
    };
    let clock = scope.core.clock.clone();
    let value = scope.core.recorded_value(scope.index, "now", || {
        Payload::from_json(clock.now().to_string())
    });
    timestamp(value.parse().unwrap_or_default())
}

fn timestamp(micros: Micros) -> jiff::Timestamp {
    jiff::Timestamp::from_microsecond(micros).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
}

/// A UUID (version 4) derived from the run's seed and the place of the call: every replay gives the same, even without
/// its record. Outside of a run it is a new one each time.
pub fn uuid() -> uuid::Uuid {
    match place() {
        Some(_) => uuid::Builder::from_random_bytes(random()).into_uuid(),
        None => clock::new_uuid(),
    }
}

/// A number derived from the run's seed and the place of the call: every replay gives the same, even without its record.
/// Integers have any value of their type, `f32` and `f64` are at least 0 and below 1, and arrays of bytes may seed a
/// generator. Not for secrets. Outside of a run it is another one each time.
///
/// ```
/// let share: f64 = flowrt::random();
/// assert!((0.0..1.0).contains(&share));
/// let seed = flowrt::random::<[u8; 32]>();
/// assert_ne!(seed, flowrt::random::<[u8; 32]>());
/// ```
pub fn random<T: Random>() -> T {
    match place() {
        Some(Scope { core, index }) => T::of(&mut || Core::draw(&core, index)),
        None => T::of(&mut clock::random_u64),
    }
}

/// What [`random`] can make.
#[diagnostic::on_unimplemented(
    message = "`random` cannot make a `{Self}`",
    label = "it makes integers, `f32`, `f64`, `bool` and arrays of bytes",
    note = "for anything else seed a generator of your own with `random::<[u8; 32]>()`, inside a task"
)]
pub trait Random: Sized {
    /// A value of words, each of them any number.
    #[doc(hidden)]
    fn of(word: &mut dyn FnMut() -> u64) -> Self;
}

impl<const N: usize> Random for [u8; N] {
    fn of(word: &mut dyn FnMut() -> u64) -> Self {
        let mut bytes = [0; N];
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&word().to_le_bytes()[..chunk.len()]);
        }
        bytes
    }
}

macro_rules! integers {
    ($($int:ident)*) => {
        $(impl Random for $int {
            fn of(word: &mut dyn FnMut() -> u64) -> Self {
                Self::from_le_bytes(Random::of(word))
            }
        })*
    };
}
integers!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize);

impl Random for bool {
    fn of(word: &mut dyn FnMut() -> u64) -> Self {
        word() >> 63 == 1
    }
}

impl Random for f64 {
    fn of(word: &mut dyn FnMut() -> u64) -> Self {
        // All 53 bits that the type can tell apart below 1: the number is exact.
        #[allow(clippy::cast_precision_loss, reason = "53 bits fit")]
        let number = (word() >> 11) as f64;
        number / (1_u64 << 53) as f64
    }
}

impl Random for f32 {
    fn of(word: &mut dyn FnMut() -> u64) -> Self {
        #[allow(clippy::cast_precision_loss, reason = "24 bits fit")]
        let number = (word() >> 40) as f32;
        number / (1_u32 << 24) as f32
    }
}

/// Where such a value belongs: to the call whose arguments are made, to the node of a DAG, or else to the flow.
fn place() -> Option<Scope> {
    match frame::current()? {
        Frame::Flow(scope) => Some(match fixed_name() {
            Some(name) => scope.of_step(&name),
            None => scope,
        }),
        Frame::Glue(scope, node) => Some(scope.of_step(&format!("~{node}"))),
        Frame::Task(_) | Frame::Untracked(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn the_highest_word_stays_below_one() {
        let mut word = || u64::MAX;
        assert!(f64::of(&mut word) < 1.0 && f32::of(&mut word) < 1.0);
        assert_eq!(u16::of(&mut word), u16::MAX);
        assert!(bool::of(&mut word));
        let mut word = || 0;
        assert_eq!(
            (f64::of(&mut word), <[u8; 11]>::of(&mut word)),
            (0.0, [0; 11])
        );
    }
}
