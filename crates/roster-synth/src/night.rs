//! What becomes of a record from the first night to the next.
//!
//! Records are chosen by even spacing rather than by chance, so that small districts change too and counts are exact.

/// Which night is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Night {
    /// The first.
    First,
    /// The one after.
    Next {
        /// Share of the records that change.
        percent: u32,
    },
}

/// What becomes of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Kept,
    Updated,
    Removed,
    Added,
}

impl Fate {
    /// Whether the record is there on the night that is written.
    pub(crate) fn present(self) -> bool {
        self != Self::Removed
    }
}

const MILLION: u64 = 1_000_000;

impl Night {
    /// The fate of record `number` among records that are there on the first night.
    pub(crate) fn fate(self, number: u64) -> Fate {
        if spaced(number, self.removed_per_million(), MILLION / 2) {
            Fate::Removed
        } else if spaced(number, self.updated_per_million(), MILLION / 3) {
            Fate::Updated
        } else {
            Fate::Kept
        }
    }

    /// How many are added to `count` records.
    pub(crate) fn added(self, count: u64) -> u64 {
        (count * self.removed_per_million()).div_ceil(MILLION)
    }

    /// Whether one of the records that are added falls to owner `number`, of whom each has `each` records.
    pub(crate) fn adds_to(self, number: u64, each: u64) -> bool {
        spaced(number, (self.removed_per_million() * each).min(MILLION), MILLION / 4)
    }

    fn percent(self) -> u64 {
        match self {
            Self::First => 0,
            Self::Next { percent } => u64::from(percent),
        }
    }

    fn removed_per_million(self) -> u64 {
        self.percent() * (MILLION / 100) / 5
    }

    fn updated_per_million(self) -> u64 {
        self.percent() * (MILLION / 100) * 3 / 5
    }
}

/// True for `per_million` of a million consecutive numbers, evenly spaced, starting at `phase` millionths.
fn spaced(number: u64, per_million: u64, phase: u64) -> bool {
    let before = (number * per_million + phase) / MILLION;
    (number * per_million + phase + per_million) / MILLION > before
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(night: Night, records: u64, fate: Fate) -> usize {
        (0..records).filter(|it| night.fate(*it) == fate).count()
    }

    #[test]
    fn the_first_night_changes_nothing() {
        assert_eq!(count(Night::First, 1_000, Fate::Kept), 1_000);
        assert_eq!(Night::First.added(1_000), 0);
        assert!((0..1_000).all(|it| !Night::First.adds_to(it, 7)));
    }

    #[test]
    fn the_next_changes_the_share_it_is_told() {
        let night = Night::Next { percent: 10 };
        assert_eq!(count(night, 1_000, Fate::Removed), 20);
        assert_eq!(count(night, 1_000, Fate::Updated), 60);
        assert_eq!(night.added(1_000), 20);
        assert_eq!((0..1_000).filter(|it| night.adds_to(*it, 7)).count(), 140);
    }
}
