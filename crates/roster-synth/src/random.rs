//! Random numbers that are a function of the seed, a purpose and a record's number.
//!
//! Being a function, they let every record be made alone, in any order and again on another night.

/// The numbers of one record for one purpose.
#[derive(Clone, Debug)]
pub(crate) struct Random {
    state: u64,
}

impl Random {
    pub(crate) fn new(seed: u64, purpose: u64, record: u64) -> Self {
        let mixed = mix(seed ^ mix(purpose.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        Self { state: mixed ^ mix(record) }
    }

    /// `SplitMix64` (Steele, Lea and Flood, 2014).
    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.state)
    }

    /// A number under `bound`, which is not 0.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// True in `percent` of a hundred cases.
    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// An item of a list that is not empty.
    pub(crate) fn pick<'a>(&mut self, items: &[&'a str]) -> &'a str {
        items[self.index(items.len())]
    }

    /// An index of something that has `length` items, and at least one.
    pub(crate) fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).expect("less than a usize")
    }
}

fn mix(mut value: u64) -> u64 {
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depends_on_seed_purpose_and_record_alone() {
        let first = |seed, purpose, record| Random::new(seed, purpose, record).next();
        assert_eq!(first(1, 2, 3), first(1, 2, 3));
        for other in [first(2, 2, 3), first(1, 3, 3), first(1, 2, 4)] {
            assert_ne!(first(1, 2, 3), other);
        }
    }

    #[test]
    fn covers_its_range() {
        let seen: std::collections::BTreeSet<u64> =
            (0..1_000).map(|record| Random::new(1, 1, record).below(10)).collect();
        assert_eq!(seen.len(), 10);
    }
}
