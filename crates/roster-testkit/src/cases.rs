//! The cases: what every source promises, each with an id and the clause of the contract.

mod content;
mod flow;
mod form;
mod offer;
mod rejected;
mod secrecy;

use crate::{Failed, Harness};
use futures::future::LocalBoxFuture;

/// How a case ended that did not fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check {
    /// The source keeps the promise.
    Passed,
    /// The harness or the source does not offer what the case needs; says what.
    NotOffered(String),
}

/// What a case is run with.
pub type Run = for<'a> fn(&'a dyn Harness) -> LocalBoxFuture<'a, Result<Check, Failed>>;

/// One promise.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// Stable name, unique.
    pub id: &'static str,
    /// The clause of the contract, as a sentence.
    pub clause: &'static str,
    /// Holds a harness's source to it.
    pub run: Run,
}

/// Lists cases: id, clause, function.
macro_rules! cases {
    ($($id:literal $clause:literal $run:path,)+) => {
        /// All cases.
        pub const CASES: &[Case] = &[$(Case {
            id: $id,
            clause: $clause,
            run: |harness| Box::pin($run(harness)),
        },)+];
    };
}

cases! {
    "golden-district"
    "A whole feed gives every record of it and no other, each field with the value that the feed has."
    content::golden_district,

    "clean-feed-has-no-findings"
    "A feed that follows its format to the letter gives no diagnostic."
    content::clean_feed_has_no_findings,

    "same-extract-twice"
    "Two extracts of one feed give the same rows in the same order, from one source or from two."
    content::same_extract_twice,

    "empty-entity-is-harmless"
    "An entity without a record is no error, and the other entities are whole."
    content::empty_entity_is_harmless,

    "duplicate-keys-survive"
    "A key that comes twice is passed on twice, or the second is rejected with a diagnostic; no other record suffers."
    content::duplicate_keys_survive,

    "bad-records-leave-their-neighbours"
    "A record that cannot be read is rejected or repaired with a diagnostic, and its neighbours come as they are."
    content::bad_records_leave_their_neighbours,

    "rejected-records-come-as-they-stood"
    "A rejected record whose key can be read comes as it stood, by the source's names and without credentials."
    rejected::rejected_records_come_as_they_stood,

    "changes-are-not-the-whole"
    "A delta gives the rows that changed and a tombstone for each that is gone, and is announced as changes, never as complete."
    content::changes_are_not_the_whole,

    "byte-order-mark-changes-nothing"
    "A byte order mark at the start of a text file is not part of its first value."
    content::byte_order_mark,

    "line-feeds-change-nothing"
    "Lines may end with LF as well as with CR LF."
    content::line_feeds,

    "quotes-change-nothing"
    "A quoted value is the same as one that is not quoted."
    content::quotes,

    "windows-1252-is-read"
    "Text that is not UTF-8 is read as Windows-1252."
    content::windows_1252,

    "nothing-before-first-poll"
    "Making a source and its stream touches nothing; reading starts when the stream is first polled."
    flow::nothing_before_first_poll,

    "stops-when-dropped"
    "Dropping the stream stops the work and lets go of what was open."
    flow::stops_when_dropped,

    "cancel-ends-with-cancelled"
    "After the token is cancelled the stream ends soon, with the error `Cancelled`, and announces nothing that is not whole."
    flow::cancel_ends_with_cancelled,

    "no-done-after-cut-off"
    "A feed that ends in the middle ends the stream with an error, after which nothing comes; what was under way is not announced."
    flow::no_done_after_cut_off,

    "no-done-after-corruption"
    "A feed that was changed on the way ends the stream with an error, after which nothing comes; what was under way is not announced."
    flow::no_done_after_corruption,

    "published-succeeds"
    "A source can be told that its finished extract was published."
    flow::published_succeeds,

    "batches-within-limits"
    "A batch ends with the record that reaches one of the limits that were asked for."
    form::batches_within_limits,

    "records-add-up"
    "In every batch the records read are its rows, its tombstones and its rejected records, and every rejected record has a diagnostic."
    form::records_add_up,

    "load-order"
    "Entities come in load order; only those that are made from the same records may alternate."
    form::load_order,

    "done-once-after-the-last-row"
    "Every entity that came is announced complete exactly once, after its last row."
    form::done_once_after_the_last_row,

    "rows-have-keys-and-places"
    "Every row has a key, and a place in an origin that has a name."
    form::rows_have_keys_and_places,

    "check-passes-on-good-source"
    "The check of a good source passes, and every step says what was found."
    offer::check_passes_on_good_source,

    "check-fails-clearly-on-bad-source"
    "The check of a source that is not there ends with a failed step that says what is wrong, and an extract fails without any completion."
    offer::check_fails_clearly_on_bad_source,

    "catalog-matches-extract"
    "The catalog lists each entity once, in load order, with a mode; an extract gives what it lists and nothing else."
    offer::catalog_matches_extract,

    "feed-is-told-as-it-is"
    "What the catalog tells of the feed stays while the feed does, its fingerprint is another one for another feed, and the files and queries that batches come from are among its parts."
    offer::feed_is_told_as_it_is,

    "only-what-was-asked"
    "An extract gives only the entities that were asked for, and those whole."
    offer::only_what_was_asked,

    "offered-modes-work"
    "Every mode that the catalog offers works, and a request for another is refused before any work."
    offer::offered_modes_work,

    "resume-gives-the-rest"
    "An extract that resumes at a batch's cursor gives all that had not come up to that batch."
    offer::resume_gives_the_rest,

    "foreign-cursor-is-refused"
    "A cursor of another connector or of another version is refused with `CursorInvalid`."
    offer::foreign_cursor_is_refused,

    "canaries-are-never-shown"
    "No value of a record and no password appears in an error, a diagnostic, a log or any `Debug` output."
    secrecy::canaries_are_never_shown,
}

/// The place with the seed; leaves the case as not offered when the harness cannot make it.
macro_rules! place {
    ($harness:expr, $seed:expr) => {
        match $harness.seed($seed).await? {
            Some(place) => place,
            None => {
                let what = format!("the harness cannot make the seed {:?}", $seed);
                return Ok(crate::cases::Check::NotOffered(what));
            }
        }
    };
}

/// Fails the case with a formatted reason.
macro_rules! fail {
    ($($words:tt)+) => { return Err(format!($($words)+).into()) };
}

use {fail, place};
