//! Secrets as they are sealed.

use super::super::SecretRecord;
use super::runs::Runs;

impl Runs {
    /// Replaces those that are as they were; how many.
    pub(super) fn reseal_secrets(&mut self, changes: Vec<(SecretRecord, SecretRecord)>) -> u64 {
        let mut replaced = 0;
        for (was, becomes) in changes {
            if let Some(there) = self.secrets.get_mut(&was.name)
                && *there == was
            {
                *there = becomes;
                replaced += 1;
            }
        }
        replaced
    }
}
