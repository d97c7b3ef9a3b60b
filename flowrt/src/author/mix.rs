//! A hash for keys that the program itself makes: numbers of calls, names in its text. No input can choose them, so it
//! need not withstand anybody, and a lookup for each call should cost little.

use std::hash::{BuildHasherDefault, Hasher};

/// Builds the hasher of such a map.
pub(crate) type BuildMix = BuildHasherDefault<Mix>;

/// Multiplies and folds.
#[derive(Debug, Default, Clone)]
pub(crate) struct Mix(u64);

/// Odd, with its bits spread: the golden ratio's.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

impl Hasher for Mix {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, number: u8) {
        self.write_u64(u64::from(number));
    }

    fn write_u64(&mut self, number: u64) {
        // A product has its best bits at the top, so both halves are folded together.
        let product = u128::from(self.0.rotate_left(23) ^ number) * u128::from(FACTOR);
        let (high, low) = (product >> 64, product & u128::from(u64::MAX));
        self.0 = u64::try_from(high ^ low).expect("both halves have 64 bits");
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::hash::BuildHasher;

    use super::*;

    #[test]
    fn names_and_numbers_in_a_row_are_told_apart() {
        let build = BuildMix::default();
        let numbers: HashSet<u64> = (0..10_000_u64).map(|n| build.hash_one(n)).collect();
        assert_eq!(numbers.len(), 10_000);
        let names: HashSet<u64> = (0..10_000)
            .map(|n| build.hash_one(format!("fetch{n}")))
            .collect();
        assert_eq!(names.len(), 10_000);
        // What a map takes to choose a place is spread, too.
        let low: HashSet<u64> = numbers.iter().map(|hash| hash & 0xff).collect();
        assert_eq!(low.len(), 256);
    }
}
