//! Numbers as people read them.

/// A number with its thousands apart: `10,000`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut all = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            all.push(',');
        }
        all.push(digit);
    }
    all
}

/// So many of something: `1 run`, `10,000 runs`.
pub fn counted(count: u64, what: &str) -> String {
    let many = if count == 1 { "" } else { "s" };
    format!("{} {what}{many}", grouped(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(
            [0, 999, 1_000, 1_234_567].map(grouped),
            ["0", "999", "1,000", "1,234,567"]
        );
        assert_eq!(
            [0, 1, 2, 10_000].map(|count| counted(count, "run")),
            ["0 runs", "1 run", "2 runs", "10,000 runs"]
        );
    }
}
