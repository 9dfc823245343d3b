//! A feed that comes every night and stands still.

use super::{Judged, finding};
use roster_core::{Diagnostic, DiagnosticCode, Locus};
use roster_sink::ContentProfile;

/// What the records of a night come to, whatever their order.
#[derive(Debug, Default)]
pub(super) struct Content {
    sum: u64,
    records: u64,
}

impl Content {
    /// Adds a record.
    pub(super) fn add(&mut self, key: u128, content: u64) {
        // The finalizer of SplitMix64: hashes that differ in little must not cancel each other out in the sum.
        #[allow(clippy::cast_possible_truncation, reason = "half of a hash is one")]
        let mut mixed = (key as u64) ^ content.rotate_left(32);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        self.sum = self.sum.wrapping_add(mixed ^ (mixed >> 31));
        self.records += 1;
    }

    /// For how long the content has been the same; tells once when that is too long.
    pub(super) fn compare(
        self,
        before: Option<&ContentProfile>,
        judged: Judged,
        is_school_night: bool,
        findings: &mut Vec<Diagnostic>,
    ) -> ContentProfile {
        let Judged { today: day, stale_after, .. } = judged;
        let digest = format!("{:016x}-{}", self.sum, self.records);
        let Some(before) = before.filter(|it| it.digest == digest) else {
            return ContentProfile { digest, school_nights: 0, day, told: false };
        };
        let another = is_school_night && day > before.day;
        let school_nights = before.school_nights + u32::from(another);
        let stale = stale_after > 0 && school_nights >= stale_after;
        if stale && !before.told {
            findings.push(finding(DiagnosticCode::FeedStale, None, Locus::Feed));
        }
        let day = day.max(before.day);
        ContentProfile { digest, school_nights, day, told: before.told || stale }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use roster_core::value::Date;

    fn content(records: &[(u128, u64)]) -> Content {
        let mut content = Content::default();
        for (key, it) in records {
            content.add(*key, *it);
        }
        content
    }

    /// Nights as `day school content`; gives the days on which the feed was told to stand still.
    fn told(stale_after: u32, nights: &[(&str, bool, u64)]) -> Vec<String> {
        let (mut before, mut told) = (None, Vec::new());
        for (day, school, records) in nights {
            let today = day.parse().unwrap();
            let judged = Judged { today, stale_after, field_name: |_, _| None };
            let mut findings = Vec::new();
            let content = content(&[(1, *records)]);
            before = Some(content.compare(before.as_ref(), judged, *school, &mut findings));
            told.extend(findings.iter().map(|_| (*day).to_owned()));
        }
        told
    }

    #[test]
    fn a_stretch_is_told_once_and_counts_school_nights() {
        let check = |stale_after, nights: &[(&str, bool, u64)], expected: &[&str]| {
            assert_eq!(told(stale_after, nights), expected);
        };
        let week = ["2026-11-23", "2026-11-24", "2026-11-25", "2026-11-26", "2026-11-27"];
        let same: Vec<_> = week.iter().map(|it| (*it, true, 7)).collect();
        check(2, &same, &["2026-11-25"]);
        check(0, &same, &[]);
        check(5, &same, &[]);
        let holidays: Vec<_> = week.iter().map(|it| (*it, false, 7)).collect();
        check(2, &holidays, &[]);
        check(2, &[same[0], same[1], same[1], same[1]], &[]);
        let changed = [same[0], same[1], ("2026-11-25", true, 8), ("2026-11-26", true, 8)];
        check(2, &changed, &[]);
        let again = [same[0], same[1], same[2], ("2026-11-26", true, 8), ("2026-11-27", true, 8)];
        check(1, &again, &["2026-11-24", "2026-11-27"]);
    }

    #[test]
    fn order_does_not_matter_and_contents_do_not_swap() {
        let digest = |records: &[(u128, u64)]| {
            let judged = Judged { today: Date::default(), stale_after: 0, field_name: |_, _| None };
            content(records).compare(None, judged, true, &mut Vec::new()).digest
        };
        assert_eq!(digest(&[(1, 10), (2, 20)]), digest(&[(2, 20), (1, 10)]));
        assert_ne!(digest(&[(1, 10), (2, 20)]), digest(&[(1, 20), (2, 10)]));
        assert_ne!(digest(&[(1, 10)]), digest(&[(1, 10), (1, 10)]));
    }
}
