//! Finds rows of the two nights that alone have a value, and pairs that these values agree on.

use super::keys::Night;

/// A value and the row that has it.
pub(super) type Keyed = (u64, u32);

/// The rows of both nights by one kind of value; a row may have several.
#[derive(Debug, Default)]
pub(super) struct Values {
    old: Vec<Keyed>,
    new: Vec<Keyed>,
}

impl Values {
    /// Takes the old and the new rows by their values.
    pub(super) fn new(sides: [Vec<Keyed>; 2]) -> Self {
        let [old, new] = sides.map(|mut it| {
            it.sort_unstable();
            it.dedup();
            it
        });
        Self { old, new }
    }

    /// The same without the rows that `keep` leaves out.
    pub(super) fn retained(mut self, keep: impl Fn(Night, u32) -> bool) -> Self {
        self.old.retain(|it| keep(Night::Old, it.1));
        self.new.retain(|it| keep(Night::New, it.1));
        self
    }

    /// The old and the new rows of each value that both nights have.
    pub(super) fn shared(&self) -> impl Iterator<Item = (&[Keyed], &[Keyed])> {
        let mut new = &self.new[..];
        self.old.chunk_by(|a, b| a.0 == b.0).filter_map(move |old| {
            let value = old[0].0;
            new = &new[new.iter().take_while(|it| it.0 < value).count()..];
            let same = new.iter().take_while(|it| it.0 == value).count();
            (same > 0).then(|| (old, &new[..same]))
        })
    }

    /// Old and new rows that alone have a value, once for each such value.
    pub(super) fn votes(&self) -> Vec<(u32, u32)> {
        let alone = |(old, new): (&[Keyed], &[Keyed])| match (old, new) {
            ([old], [new]) => Some((old.1, new.1)),
            _ => None,
        };
        self.shared().filter_map(alone).collect()
    }
}

/// Pairs that at least three quarters of the votes for either row agree on.
pub(super) fn agreed(mut votes: Vec<(u32, u32)>) -> Vec<(u32, u32)> {
    votes.sort_unstable();
    let mut counted: Vec<Counted> =
        votes.chunk_by(|a, b| a == b).map(|it| (it[0].0, it[0].1, it.len())).collect();
    let by_old = leading(&counted, |it| it.0);
    counted.sort_unstable_by_key(|it| (it.1, it.0));
    let mut by_new = leading(&counted, |it| it.1);
    by_new.sort_unstable();
    by_old.into_iter().filter(|it| by_new.binary_search(it).is_ok()).collect()
}

/// Old row, new row, number of votes.
type Counted = (u32, u32, usize);

/// The pairs that have three quarters of the votes for a row; votes for the same row stand together.
fn leading(counted: &[Counted], row: fn(&Counted) -> u32) -> Vec<(u32, u32)> {
    let leading = counted.chunk_by(|a, b| row(a) == row(b)).filter_map(|votes| {
        let total: usize = votes.iter().map(|it| it.2).sum();
        votes.iter().find(|it| it.2 * 4 >= total * 3)
    });
    leading.map(|it| (it.0, it.1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_rows_that_are_alone_with_a_value_are_paired() {
        let check = |old: &[Keyed], new: &[Keyed], expected: &[(u32, u32)]| {
            let values = Values::new([old.to_vec(), new.to_vec()]);
            assert_eq!(values.votes(), expected, "{old:?} {new:?}");
        };
        check(&[(7, 0), (5, 1)], &[(5, 8), (7, 9)], &[(1, 8), (0, 9)]);
        check(&[(7, 0), (7, 1)], &[(7, 9)], &[]);
        check(&[(7, 0)], &[(7, 8), (7, 9)], &[]);
        check(&[(7, 0), (7, 0)], &[(7, 9), (7, 9)], &[(0, 9)]);
        check(&[(1, 0), (3, 1), (9, 2)], &[(2, 0), (3, 5), (4, 6)], &[(1, 5)]);
        check(&[], &[(1, 1)], &[]);
    }

    #[test]
    fn pairs_need_three_quarters_of_the_votes_for_both_rows() {
        let check = |votes: &[(u32, u32)], expected: &[(u32, u32)]| {
            assert_eq!(agreed(votes.to_vec()), expected, "{votes:?}");
        };
        check(&[(0, 9)], &[(0, 9)]);
        check(&[(0, 9), (0, 8)], &[]);
        check(&[(0, 9), (1, 9)], &[]);
        check(&[(0, 9), (0, 9), (0, 9), (0, 8)], &[(0, 9)]);
        check(&[(0, 9), (0, 9), (0, 8)], &[]);
        check(&[(0, 9), (0, 9), (0, 9), (1, 9), (1, 8), (1, 8), (1, 8)], &[(0, 9), (1, 8)]);
    }
}
