//! Things that turn out to be the same: two names of one author, the two paths of a renamed file.

/// Disjoint sets of the numbers `0..n`; each set is known by one of its members.
#[derive(Debug, Default)]
pub struct Groups {
    parents: Vec<usize>,
}

impl Groups {
    /// Adds a number that is alone in its set.
    pub fn add(&mut self) -> usize {
        self.parents.push(self.parents.len());
        self.parents.len() - 1
    }

    /// The member by which the set of `member` is known.
    pub fn find(&self, mut member: usize) -> usize {
        while self.parents[member] != member {
            member = self.parents[member];
        }
        member
    }

    /// Makes one set of two; it is known by the one that knew the set of `into`.
    pub fn join(&mut self, member: usize, into: usize) {
        let (from, into) = (self.find(member), self.find(into));
        self.parents[from] = into;
        // Later look-ups of this member take one step, which keeps long chains of renames cheap.
        self.parents[member] = into;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joined_members_are_found_as_one() {
        let mut groups = Groups::default();
        let [a, b, c, d] = [(); 4].map(|()| groups.add());
        groups.join(b, a);
        groups.join(c, b);
        groups.join(c, c);
        assert_eq!([a, b, c, d].map(|member| groups.find(member)), [a, a, a, d]);
        groups.join(a, d);
        assert_eq!(groups.find(c), d);
    }
}
