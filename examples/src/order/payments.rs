//! A bank and a shop that keep their books in files, as an outside world that does not know of flowrt.
//!
//! Each entry is a file named by the key of the request that made it. It is written aside and then linked to its name, so it is
//! there as a whole or not at all; if the name is taken, the request is a repeated one.

use std::fs;
use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The books of shop and bank.
#[derive(Debug)]
pub struct Payments {
    folder: PathBuf,
}

/// What the bank says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The money is the shop's.
    Paid(Receipt),
    /// It is not, and will not be.
    Refused {
        /// For the customer.
        why: String,
    },
}

/// One payment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// The same for every request with the same key.
    pub number: String,
    pub cents: u64,
}

impl Payments {
    pub fn open(folder: &str) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let folder = PathBuf::from(folder);
        Ok(Self { folder })
    }

    /// Takes money from a card. A key that was seen before takes none and gives the first answer again.
    pub fn charge(&self, key: &str, card: &str, cents: u64) -> io::Result<Answer> {
        if card.starts_with('0') {
            let why = format!("the card {card} was refused");
            return Ok(Answer::Refused { why });
        }
        let number = file_name(key);
        let receipt = Receipt {
            number: number.clone(),
            cents,
        };
        let first =
            self.write_once(&format!("paid-{number}"), &serde_json::to_string(&receipt)?)?;
        Ok(Answer::Paid(serde_json::from_str(&first)?))
    }

    /// Writes a line into the books, once for each key.
    pub fn note(&self, what: &str, key: &str, text: &str) -> io::Result<()> {
        self.write_once(&format!("{what}-{}", file_name(key)), text)
            .map(drop)
    }

    /// Gives what the file holds afterwards: this text, or what an earlier request wrote.
    fn write_once(&self, name: &str, text: &str) -> io::Result<String> {
        let target = self.folder.join(name);
        let aside = self.folder.join(format!(".{name}-{}", std::process::id()));
        fs::write(&aside, text)?;
        let linked = fs::hard_link(&aside, &target);
        fs::remove_file(&aside)?;
        match linked {
            Ok(()) => Ok(text.to_owned()),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                fs::read_to_string(target)
            }
            Err(error) => Err(error),
        }
    }
}

/// A key as part of a file's name.
fn file_name(key: &str) -> String {
    let keep = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    key.chars().map(keep).collect()
}
