//! From counts to heights: an axis with round numbers that one extreme value cannot squash.

/// The values of an axis: round steps from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale {
    /// The distance of two lines.
    pub step: u64,
    /// The number of steps.
    pub steps: u64,
}

impl Scale {
    /// An axis for these values.
    ///
    /// One import of foreign code can outweigh years of work. If the largest value is far beyond nearly all others, the
    /// axis ends above those, and a bar beyond its end is drawn cut off.
    pub fn of(values: impl Iterator<Item = u64>) -> Scale {
        let mut values: Vec<u64> = values.filter(|value| *value > 0).collect();
        values.sort_unstable();
        let largest = values.last().copied().unwrap_or(1);
        let usual = values
            .get((values.len() * 19).div_ceil(20).saturating_sub(2))
            .copied()
            .unwrap_or(largest);
        let extreme = values.len() >= 8 && largest > usual.saturating_mul(4);
        Scale::up_to(if extreme {
            usual.saturating_add(usual / 4).max(1)
        } else {
            largest
        })
    }

    /// The end of the axis.
    pub fn end(self) -> u64 {
        self.step.saturating_mul(self.steps)
    }

    /// Three to five steps of 1, 2 or 5 times a power of ten, fewer for tiny values.
    fn up_to(largest: u64) -> Scale {
        let mut power = 1_u64;
        loop {
            for digit in [1, 2, 5] {
                let step = power.saturating_mul(digit);
                let steps = largest.div_ceil(step);
                if steps <= 5 {
                    return Scale {
                        step,
                        steps: steps.max(1),
                    };
                }
            }
            power = power.saturating_mul(10);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(values: &[u64]) -> (u64, u64) {
        let scale = Scale::of(values.iter().copied());
        (scale.step, scale.end())
    }

    #[test]
    fn axes_have_round_steps() {
        assert_eq!(ends(&[]), (1, 1));
        assert_eq!(ends(&[3]), (1, 3));
        assert_eq!(ends(&[0, 97]), (20, 100));
        assert_eq!(ends(&[1_234]), (500, 1_500));
        assert_eq!(Scale::of([u64::MAX].into_iter()).end(), u64::MAX);
    }

    #[test]
    fn one_extreme_value_does_not_squash_the_rest() {
        let mut values = vec![100; 20];
        values.push(1_000_000);
        let scale = Scale::of(values.into_iter());
        assert!(scale.end() < 200, "{scale:?}");
        assert_eq!(ends(&[10, 1_000]), (200, 1_000));
    }
}
