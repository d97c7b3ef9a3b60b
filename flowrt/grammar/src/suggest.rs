//! "Did you mean …?"

/// The candidate that `word` is most probably a slip for, if any is near enough to be worth saying.
///
/// Upper and lower case count as equal. Of two that are equally near, the first wins.
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = folded(word);
    // One slip in three letters still looks like the word meant; a slip in each letter looks like another word.
    let most = (word.len() / 3)
        .clamp(1, 3)
        .min(word.len().saturating_sub(1));
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let folded = folded(candidate);
            let near = word.len().abs_diff(folded.len()) <= most;
            let distance = if near {
                distance(&word, &folded)
            } else {
                usize::MAX
            };
            (distance <= most).then_some((distance, candidate))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

fn folded(word: &str) -> Vec<char> {
    word.chars().flat_map(char::to_lowercase).collect()
}

/// How many letters must be added, left out, changed, or swapped with their neighbour (Damerau's distance, where no
/// part is changed twice).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let changed = above[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = changed.min(above[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apart(a: &str, b: &str) -> usize {
        distance(&folded(a), &folded(b))
    }

    #[test]
    fn distances() {
        assert_eq!(apart("", "abc"), 3);
        assert_eq!(apart("retires", "retries"), 1);
        assert_eq!(apart("timeot", "timeout"), 1);
        assert_eq!(apart("kitten", "sitting"), 3);
        assert_eq!(apart("ca", "abc"), 3);
    }

    #[test]
    fn finds_the_slip() {
        let options = ["retries", "retry_delay", "timeout", "tags"];
        assert_eq!(closest("retires", options), Some("retries"));
        assert_eq!(closest("Timeout", options), Some("timeout"));
        assert_eq!(closest("tag", options), Some("tags"));
    }

    #[test]
    fn says_nothing_rather_than_nonsense() {
        let options = ["retries", "timeout", "s"];
        assert_eq!(closest("colour", options), None);
        assert_eq!(closest("x", options), None);
        assert_eq!(closest("", options), None);
        assert_eq!(closest("retries", []), None);
    }

    #[test]
    fn the_nearest_wins_then_the_first() {
        assert_eq!(closest("abcdefx", ["abcdxyx", "abcdef"]), Some("abcdef"));
        assert_eq!(closest("abcd", ["abcx", "abcy"]), Some("abcx"));
    }
}
