//! What is kept from one night to the next, in the cursor of the users.

use crate::{Clever, contacts::Remembered, map::People};
use roster_core::{Connector as _, Cursor, ExtractRequest, Result};
use serde::{Deserialize, Serialize};

/// Version of the cursor.
const VERSION: u16 = 1;

/// What is kept from one night to the next.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct State {
    /// Clever's id of the district it is about.
    pub(crate) district: String,
    /// How many people had each role.
    pub(crate) counts: crate::map::Counts,
    /// Contacts that their source gives no key.
    pub(crate) contacts: Remembered,
    /// Where the events go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) events: Option<EventPosition>,
}

/// Where the events go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventPosition {
    /// The last event that was read; empty where there was none.
    pub(crate) last: String,
    /// Seconds since 1970 of the last full pull.
    pub(crate) full_at: u64,
    /// Seconds since 1970 when events were last read.
    pub(crate) read_at: u64,
    /// The API's version: events of another have other fields.
    pub(crate) version: String,
}

impl State {
    /// What the last night has left for this one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::CursorInvalid`] when another connector or version has made it.
    pub(crate) fn of(request: &ExtractRequest) -> Result<Option<Self>> {
        let mut cursors = request.entities.iter().filter_map(|it| it.resume.as_ref());
        cursors.next().map(|it| it.decode(Clever::ID, VERSION)).transpose()
    }

    /// For the next night.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Internal`] when it cannot be written.
    pub(crate) fn cursor(&self) -> Result<Cursor> {
        Cursor::encode(Clever::ID, VERSION, self)
    }

    /// Whether a kind of people that was there has vanished as a whole, which is no word that each of them is gone.
    pub(crate) fn lacks_a_kind(&self, people: &People) -> bool {
        let (before, now) = (&self.counts, &people.counts);
        [
            (before.students, now.students),
            (before.teachers, now.teachers),
            (before.staff, now.staff),
            (before.contacts, now.contacts),
        ]
        .iter()
        .any(|(before, now)| *before > 0 && *now == 0)
    }
}
