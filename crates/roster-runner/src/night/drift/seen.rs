//! Names that were seen before against those seen tonight.

use roster_sink::Seen;
use std::collections::BTreeSet;

/// Names that no longer come and are still remembered; older ones are forgotten, and are new if they ever return.
const MOST_GONE: usize = 200;

/// How names differ.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Difference {
    /// Never seen before.
    pub(super) new: Vec<String>,
    /// Seen the last time and not now.
    pub(super) gone: Vec<String>,
    /// What is remembered from now on.
    pub(super) after: Seen,
}

/// Compares names with those seen before; those that did not come are only taken for gone where all would have come.
pub(super) fn compare(before: &Seen, now: &BTreeSet<String>, all: bool) -> Difference {
    let known = |it: &&String| before.there.contains(it) || before.gone.contains(it);
    let new = now.iter().filter(|it| !known(it)).cloned().collect();
    let absent = |it: &&String| !now.contains(*it);
    let missing: Vec<String> = before.there.iter().filter(absent).cloned().collect();
    let mut there: Vec<String> = now.iter().cloned().collect();
    let mut gone: Vec<String> = before.gone.iter().filter(absent).cloned().collect();
    if all {
        gone.extend(missing.iter().cloned());
        gone.drain(..gone.len().saturating_sub(MOST_GONE));
        return Difference { new, gone: missing, after: Seen { there, gone } };
    }
    there.extend(missing);
    Difference { new, gone: Vec::new(), after: Seen { there, gone } }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(names: &str) -> Vec<String> {
        names.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn what_is_new_or_gone_is_so_once() {
        #[track_caller]
        fn check(before: [&str; 2], now: &str, all: bool, expected: [&str; 4]) {
            let before = Seen { there: list(before[0]), gone: list(before[1]) };
            let found = compare(&before, &list(now).into_iter().collect(), all);
            let [new, gone, after_there, after_gone] = expected.map(list);
            let after = Seen { there: after_there, gone: after_gone };
            assert_eq!(found, Difference { new, gone, after });
        }
        check(["", ""], "a b", true, ["a b", "", "a b", ""]);
        check(["a b", ""], "a b", true, ["", "", "a b", ""]);
        check(["a b", ""], "b c", true, ["c", "a", "b c", "a"]);
        check(["b c", "a"], "b c", true, ["", "", "b c", "a"]);
        check(["b c", "a"], "a b", true, ["", "c", "a b", "c"]);
        check(["a b", ""], "c", false, ["c", "", "c a b", ""]);
    }

    #[test]
    fn names_that_change_every_night_do_not_pile_up() {
        let mut seen = Seen::default();
        for night in 0..1000 {
            seen = compare(&seen, &BTreeSet::from([night.to_string()]), true).after;
        }
        assert_eq!((seen.there.len(), seen.gone.len()), (1, MOST_GONE));
        assert_eq!(seen.gone.last().map(String::as_str), Some("998"));
    }
}
