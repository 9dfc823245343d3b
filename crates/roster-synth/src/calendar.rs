//! The school year: one year, two semesters, four quarters.

/// An academic session; end dates are exclusive.
pub(crate) struct Session {
    pub(crate) source_id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) start: &'static str,
    pub(crate) end: &'static str,
    pub(crate) parent: &'static str,
}

/// Year in which the school year ends.
pub(crate) const SCHOOL_YEAR: &str = "2027";
/// Year in which the school year begins.
pub(crate) const FIRST_DAY_YEAR: u64 = 2026;
/// First day of the school year.
pub(crate) const FIRST_DAY: &str = "2026-08-17";
/// First day after the school year.
pub(crate) const LAST_DAY: &str = "2027-06-05";

/// Parents stand before their children.
pub(crate) const SESSIONS: &[Session] = &[
    session("ses-2027", "2026-2027", "schoolYear", FIRST_DAY, LAST_DAY, ""),
    session("ses-2027-s1", "Fall Semester", "semester", FIRST_DAY, "2027-01-16", "ses-2027"),
    session("ses-2027-s2", "Spring Semester", "semester", "2027-01-19", LAST_DAY, "ses-2027"),
    session("ses-2027-q1", "Quarter 1", "gradingPeriod", FIRST_DAY, "2026-10-17", "ses-2027-s1"),
    session("ses-2027-q2", "Quarter 2", "gradingPeriod", "2026-10-19", "2027-01-16", "ses-2027-s1"),
    session("ses-2027-q3", "Quarter 3", "gradingPeriod", "2027-01-19", "2027-03-20", "ses-2027-s2"),
    session("ses-2027-q4", "Quarter 4", "gradingPeriod", "2027-03-29", LAST_DAY, "ses-2027-s2"),
];

const fn session(
    source_id: &'static str,
    title: &'static str,
    kind: &'static str,
    start: &'static str,
    end: &'static str,
    parent: &'static str,
) -> Session {
    Session { source_id, title, kind, start, end, parent }
}
