//! Instants as programs read and write them: RFC 3339 in UTC. For `#[serde(with = …)]`.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serializer};

use super::record::Micros;

/// The text of an instant.
pub fn text(at: Micros) -> String {
    let at = jiff::Timestamp::from_microsecond(at);
    at.unwrap_or(jiff::Timestamp::MAX).to_string()
}

/// Writes it.
///
/// # Errors
/// If the format fails.
pub fn serialize<S: Serializer>(at: &Micros, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&text(*at))
}

/// Reads it.
///
/// # Errors
/// If it is not of that form.
pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Micros, D::Error> {
    let text = String::deserialize(from)?;
    let at: jiff::Timestamp = text.parse().map_err(D::Error::custom)?;
    Ok(at.as_microsecond())
}

/// The same of an instant that may not be there.
pub mod option {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    use super::Micros;

    /// Writes it, or null.
    ///
    /// # Errors
    /// If the format fails.
    pub fn serialize<S: Serializer>(at: &Option<Micros>, to: S) -> Result<S::Ok, S::Error> {
        match at {
            Some(at) => to.serialize_some(&super::text(*at)),
            None => to.serialize_none(),
        }
    }

    /// Reads it.
    ///
    /// # Errors
    /// If it is not of that form.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Micros>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        let at = text.map(|text| text.parse::<jiff::Timestamp>());
        let at = at.transpose().map_err(D::Error::custom)?;
        Ok(at.map(jiff::Timestamp::as_microsecond))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Serialize;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Both {
        #[serde(with = "super")]
        at: Micros,
        #[serde(with = "super::option")]
        perhaps: Option<Micros>,
    }

    #[test]
    fn what_is_written_is_read_again() {
        for perhaps in [None, Some(-1)] {
            let both = Both {
                at: 1_795_529_002_000_001,
                perhaps,
            };
            let json = serde_json::to_string(&both).unwrap();
            assert!(json.contains("\"2026-11-24T14:03:22.000001Z\""), "{json}");
            assert_eq!(serde_json::from_str::<Both>(&json).unwrap(), both);
        }
        let number = r#"{"at":7,"perhaps":null}"#;
        assert!(serde_json::from_str::<Both>(number).is_err());
    }
}
