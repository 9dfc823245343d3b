//! What `users.csv` says of a user beyond the user's row: agents, and in 1.1 the role and its organizations.
//!
//! Keys are held as hashes and texts in one piece, so that a district of a million people fits in memory.

use super::{ExportReport, LossReason, RowSource};
use crate::{
    files::vocabularies::{USER_ROLE, is_contact},
    version::Version,
};
use roster_core::{
    EntityKind, Result, derived_id,
    model::{OrgRow, OrgType, RelationshipRow, RoleRow, RoleType},
};
use std::collections::{BTreeMap, BTreeSet};
use xxhash_rust::xxh3::xxh3_128;

/// What is known of people, by the hash of their key.
#[derive(Debug, Default)]
pub(super) struct People {
    version: Option<Version>,
    roles: Vec<UserRole>,
    terms: Vec<String>,
    organizations: Vec<String>,
    agents: Vec<Agent>,
    names: String,
    schools: BTreeSet<u128>,
}

/// A role of a user.
#[derive(Clone, Copy, Debug)]
struct UserRole {
    user: u128,
    term: u16,
    organization: u32,
    primary: bool,
}

/// An agent of a user.
#[derive(Clone, Copy, Debug)]
struct Agent {
    owner: u128,
    order: u32,
    length: u32,
    start: usize,
}

impl People {
    /// Reads organizations, roles and relationships.
    pub(super) fn gather(
        version: Version,
        source: &mut dyn RowSource,
        report: &mut ExportReport,
    ) -> Result<Self> {
        let mut people = Self { version: Some(version), ..Self::default() };
        people.gather_schools(source)?;
        people.gather_roles(source)?;
        people.gather_agents(source, report)?;
        Ok(people)
    }

    fn gather_schools(&mut self, source: &mut dyn RowSource) -> Result<()> {
        for rows in source.rows(EntityKind::Org)? {
            for org in rows?.typed::<OrgRow<'_>>() {
                if matches!(org.org_type, Some(OrgType::School | OrgType::Department)) {
                    self.schools.insert(hash(org.source_id));
                }
            }
        }
        Ok(())
    }

    /// Roles matter to 1.1, which has them in `users.csv`, and to tell contacts from students.
    fn gather_roles(&mut self, source: &mut dyn RowSource) -> Result<()> {
        let mut terms = BTreeMap::new();
        let mut organizations = BTreeMap::new();
        for rows in source.rows(EntityKind::Role)? {
            for role in rows?.typed::<RoleRow<'_>>() {
                let term = role.role.as_ref().map(RoleType::term).unwrap_or_default();
                let relevant = self.is_1_1() || is_contact(term) || term == "student";
                if !relevant {
                    continue;
                }
                let user = hash(role.user_source_id);
                let term = intern(&mut terms, &mut self.terms, term);
                let organization = if self.is_1_1() { role.org_source_id } else { "" };
                let organization =
                    intern(&mut organizations, &mut self.organizations, organization);
                let term = u16::try_from(term).unwrap_or(u16::MAX);
                let primary = role.is_primary == Some(true);
                self.roles.push(UserRole { user, term, organization, primary });
            }
        }
        self.roles.sort_by_key(|it| it.user);
        Ok(())
    }

    fn gather_agents(
        &mut self,
        source: &mut dyn RowSource,
        report: &mut ExportReport,
    ) -> Result<()> {
        for rows in source.rows(EntityKind::Relationship)? {
            for it in rows?.typed::<RelationshipRow<'_>>() {
                let lost = [
                    ("relationship", it.relationship.is_some()),
                    ("contact_type", it.contact_type.is_some()),
                    ("is_primary", it.is_primary.is_some()),
                    ("extensions", it.extensions.json().is_some()),
                ];
                for (field, _) in lost.iter().filter(|it| it.1) {
                    report.lose(EntityKind::Relationship, Some(field), LossReason::NoColumn);
                }
                // Without an order it came from the contact's record, and goes back there.
                match it.sequence {
                    None if self.is_contact(it.contact_source_id) => {
                        self.push_agent(it.contact_source_id, None, it.student_source_id);
                    }
                    order => self.push_agent(it.student_source_id, order, it.contact_source_id),
                }
            }
        }
        self.agents.sort_by_key(|it| (it.owner, it.order));
        Ok(())
    }

    fn push_agent(&mut self, owner: &str, order: Option<i64>, agent: &str) {
        let order = order.and_then(|it| u32::try_from(it).ok()).unwrap_or(u32::MAX);
        let (start, length) = (self.names.len(), u32::try_from(agent.len()).unwrap_or(u32::MAX));
        self.names.push_str(agent);
        self.agents.push(Agent { owner: hash(owner), order, length, start });
    }

    fn is_1_1(&self) -> bool {
        self.version == Some(Version::V1_1)
    }

    /// Whether a reader takes the user's agents for students.
    fn is_contact(&self, user: &str) -> bool {
        if self.is_1_1() {
            return self.role_1_1(user, None).is_some_and(|it| is_contact(&it.term));
        }
        let mut terms = self.roles_of(user).map(|it| self.term(it));
        let (mut contact, mut student) = (false, false);
        for term in &mut terms {
            contact |= is_contact(term);
            student |= term == "student";
        }
        contact && !student
    }

    fn roles_of(&self, user: &str) -> impl Iterator<Item = &UserRole> {
        let user = hash(user);
        let first = self.roles.partition_point(|it| it.user < user);
        self.roles[first..].iter().take_while(move |it| it.user == user)
    }

    fn term(&self, role: &UserRole) -> &str {
        self.terms.get(usize::from(role.term)).map_or("", String::as_str)
    }

    /// The agents of a user, in order.
    pub(super) fn agents_of(&self, user: &str) -> impl Iterator<Item = &str> {
        let owner = hash(user);
        let first = self.agents.partition_point(|it| it.owner < owner);
        let own = self.agents[first..].iter().take_while(move |it| it.owner == owner);
        own.map(|it| &self.names[it.start..it.start + it.length as usize])
    }

    /// The one role of a user that 1.1 has room for: the primary one, else the first.
    pub(super) fn role_1_1(&self, user: &str, primary_org: Option<&str>) -> Option<RoleOf1_1<'_>> {
        let roles: Vec<_> = self.roles_of(user).collect();
        let chosen = roles.iter().find(|it| it.primary).or(roles.first())?;
        let (term, exact) = term_of_1_1(self.term(chosen));
        let same = |it: &&&UserRole| term_of_1_1(self.term(it)).0 == term;
        let mut organizations: Vec<&str> = Vec::new();
        for role in roles.iter().filter(same) {
            let organization = &*self.organizations[role.organization as usize];
            if !organizations.contains(&organization) {
                organizations.push(organization);
            }
        }
        let of_chosen = &*self.organizations[chosen.organization as usize];
        let first = primary_org.filter(|it| organizations.contains(it)).unwrap_or(of_chosen);
        organizations.sort_by_key(|it| *it != first);
        let others = roles.iter().filter(|it| !same(it)).count() as u64;
        Some(RoleOf1_1 { term: term.to_owned(), exact, organizations, others })
    }

    /// The term of a role in 1.2.  `administrator`, which 1.1 has alone, is one of a school or of a district.
    pub(super) fn term_of_1_2<'a>(&self, role: &RoleRow<'a>, term: &'a str) -> (&'a str, bool) {
        let of_1_1 =
            || role.source_id == derived_id(&[role.user_source_id, role.org_source_id, term]);
        if term != "administrator" || !of_1_1() {
            return (term, true);
        }
        let school = self.schools.contains(&hash(role.org_source_id));
        (if school { "siteAdministrator" } else { "districtAdministrator" }, false)
    }
}

/// A user's role as 1.1 has it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RoleOf1_1<'a> {
    pub(super) term: String,
    /// Whether the term is the role's own.
    pub(super) exact: bool,
    pub(super) organizations: Vec<&'a str>,
    /// How many roles of the user there is no room for.
    pub(super) others: u64,
}

/// The nearest term of 1.1.
fn term_of_1_1(term: &str) -> (&str, bool) {
    match term {
        listed if USER_ROLE.terms.contains(&listed) => (listed, true),
        "districtAdministrator"
        | "siteAdministrator"
        | "systemAdministrator"
        | "principal"
        | "counselor" => ("administrator", false),
        "contact" | "ext:contact" => ("relative", false),
        // Whoever is something of their own gets the least rights.
        own if own == "staff" || own.starts_with("ext:") => ("aide", false),
        other => (other, true),
    }
}

fn intern(known: &mut BTreeMap<String, u32>, list: &mut Vec<String>, text: &str) -> u32 {
    if let Some(index) = known.get(text) {
        return *index;
    }
    let index = u32::try_from(list.len()).unwrap_or(u32::MAX);
    list.push(text.to_owned());
    known.insert(text.to_owned(), index);
    index
}

fn hash(key: &str) -> u128 {
    xxh3_128(key.as_bytes())
}
