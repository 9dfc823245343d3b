//! Where an organization stands when only some schools are shared.

use roster_core::{Row, model::OrgType};
use roster_sink::key_of;
use std::collections::{HashMap, HashSet};

/// Levels of organizations that are followed upwards; parents in a circle are cut off there.
const MOST_LEVELS: usize = 32;

/// Where an organization stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A listed school, or part of one.
    Listed,
    /// Above the schools: a district, a state, a department of the district.
    District,
    /// A school that is not listed, or part of one.
    Unlisted,
    /// Neither listed nor in the feed nor published: nothing is known that would let it be shared.
    Unknown,
}

/// The organizations of the feed, and the published ones that it leaves in place.
#[derive(Debug, Default)]
pub(super) struct Places {
    listed: HashSet<u128>,
    orgs: HashMap<u128, Org>,
}

#[derive(Debug)]
enum Org {
    School,
    AboveSchools,
    PartOf(Option<u128>),
}

impl Places {
    pub(super) fn new(schools: &[String]) -> Self {
        Self { listed: schools.iter().map(|it| key_of(it)).collect(), orgs: HashMap::new() }
    }

    /// Remembers an organization.
    pub(super) fn remember(&mut self, row: &Row<'_>) {
        let text = |field: &str| row.schema().field(field).and_then(|it| row.get(it));
        let org = match OrgType::from_term(text("org_type").unwrap_or_default()) {
            OrgType::School => Org::School,
            OrgType::District | OrgType::Local | OrgType::State | OrgType::National => {
                Org::AboveSchools
            }
            _ => Org::PartOf(text("parent_source_id").map(key_of)),
        };
        self.orgs.insert(key_of(row.source_id()), org);
    }

    /// Where an organization stands, once all are remembered.
    pub(super) fn place(&self, source_id: &str) -> Place {
        let mut key = key_of(source_id);
        for _ in 0..MOST_LEVELS {
            if self.listed.contains(&key) {
                return Place::Listed;
            }
            match self.orgs.get(&key) {
                None => return Place::Unknown,
                Some(Org::School) => return Place::Unlisted,
                Some(Org::AboveSchools | Org::PartOf(None)) => return Place::District,
                Some(Org::PartOf(Some(parent))) => key = *parent,
            }
        }
        Place::Unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use roster_core::{EntityKind, Rows, model::OrgRow};

    #[test]
    fn only_what_is_known_to_belong_to_a_listed_school_or_to_none_is_shared() {
        let orgs = [
            ("d", "district", Some("nowhere")),
            ("s", "school", Some("d")),
            ("t", "school", Some("d")),
            ("of s", "department", Some("s")),
            ("of t", "department", Some("of t too")),
            ("of t too", "ext:wing", Some("t")),
            ("of d", "department", Some("d")),
            ("alone", "department", None),
            ("lost", "department", Some("nowhere")),
            ("circle", "department", Some("circle")),
        ];
        let mut places = Places::new(&["s".to_owned(), "unsent".to_owned()]);
        let mut rows = Rows::new(EntityKind::Org);
        for (source_id, sort, parent_source_id) in orgs {
            let org_type = Some(OrgType::from_term(sort));
            rows.push(0, &OrgRow { source_id, org_type, parent_source_id, ..OrgRow::default() });
        }
        rows.iter().for_each(|it| places.remember(&it));
        let check =
            |source_id, expected| assert_eq!(places.place(source_id), expected, "{source_id}");
        check("s", Place::Listed);
        check("of s", Place::Listed);
        check("unsent", Place::Listed);
        check("t", Place::Unlisted);
        check("of t", Place::Unlisted);
        check("d", Place::District);
        check("of d", Place::District);
        check("alone", Place::District);
        for unknown in ["lost", "circle", "nowhere"] {
            check(unknown, Place::Unknown);
        }
    }
}
