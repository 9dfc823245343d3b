//! Names, roles and programs of people, each once.

use crate::map::Output;
use roster_core::{
    model::{ProgramRow, ProgramType, RoleRow, RoleType},
    value::Date,
};
use std::fmt::Write as _;

use super::Words;

/// A name as the model has it: the legal one, and what of it somebody goes by instead.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Names<'a> {
    pub(crate) given: Option<&'a str>,
    pub(crate) middle: Option<&'a str>,
    pub(crate) family: Option<&'a str>,
    pub(crate) preferred_given: Option<&'a str>,
    pub(crate) preferred_middle: Option<&'a str>,
    pub(crate) preferred_family: Option<&'a str>,
}

impl<'a> Names<'a> {
    /// Given, middle and family name: what is used, and the legal ones where they are told apart.
    pub(crate) fn new(used: [Option<&'a str>; 3], legal: [Option<&'a str>; 3]) -> Self {
        let one = |at: usize| {
            let preferred = used[at].filter(|it| legal[at].is_some_and(|legal| legal != *it));
            (legal[at].or(used[at]), preferred)
        };
        let ((given, preferred_given), (middle, preferred_middle)) = (one(0), one(1));
        let (family, preferred_family) = one(2);
        Self { given, middle, family, preferred_given, preferred_middle, preferred_family }
    }
}

/// Gives the roles of people, who come one after the other, each role once.
#[derive(Debug, Default)]
pub(crate) struct Roles {
    user: String,
    given: Vec<String>,
}

impl Roles {
    /// Gives a role, unless this person had it already.
    pub(crate) fn push(&mut self, role: &RoleRow<'_>, out: &mut Output<'_>) {
        if self.user != role.user_source_id {
            role.user_source_id.clone_into(&mut self.user);
            self.given.clear();
        }
        let Some(term) = &role.role else { return };
        let mut key = String::with_capacity(64);
        let _ = write!(
            key,
            "{}/{}/{}",
            role.user_source_id,
            role.org_source_id,
            local_name(term.term())
        );
        if !self.given.contains(&key) {
            out.push(&RoleRow { source_id: &key, ..role.clone() });
            self.given.push(key);
        }
    }
}

/// What a staff record says of somebody in one place.
#[derive(Debug)]
pub(crate) struct StaffRole<'a> {
    pub(crate) title: Option<&'a str>,
    pub(crate) is_teacher: bool,
    pub(crate) is_supervisor: bool,
}

/// Gives the role that a title stands for, and that of a teacher beside it: a principal may teach.
///
/// `place` has the rest of the role.  Who has no title that the configuration knows is a teacher, an administrator of
/// the site or other staff, as the record says.
pub(crate) fn push_staff_roles(
    staff: &StaffRole<'_>,
    titles: &Words,
    place: &RoleRow<'_>,
    roles: &mut Roles,
    out: &mut Output<'_>,
) {
    let title = staff.title.map(super::lowercased);
    let by_title = title.as_deref().and_then(|it| titles.term(it)).map(RoleType::from_term);
    let main = by_title.unwrap_or(match (staff.is_teacher, staff.is_supervisor) {
        (true, _) => RoleType::Teacher,
        (false, true) => RoleType::SiteAdministrator,
        (false, false) => RoleType::Staff,
    });
    let teaches_too = staff.is_teacher && main != RoleType::Teacher;
    roles.push(&RoleRow { role: Some(main), ..place.clone() }, out);
    if teaches_too {
        let is_primary = Some(false);
        roles.push(&RoleRow { role: Some(RoleType::Teacher), is_primary, ..place.clone() }, out);
    }
}

/// Gives the programs of students, who come one after the other, each program once.
#[derive(Debug, Default)]
pub(crate) struct Programs {
    user: String,
    given: Vec<String>,
}

impl Programs {
    /// Gives a program, unless this student had it already: the first record is the one that counts.
    pub(crate) fn push(
        &mut self,
        user: &str,
        program: &str,
        status: Option<&str>,
        (begin_date, end_date): (Option<Date>, Option<Date>),
        out: &mut Output<'_>,
    ) {
        if self.user != user {
            user.clone_into(&mut self.user);
            self.given.clear();
        }
        let key = format!("{user}/{}", local_name(program));
        if self.given.contains(&key) {
            return;
        }
        out.push(&ProgramRow {
            source_id: &key,
            user_source_id: user,
            program: Some(ProgramType::from_term(program)),
            status,
            begin_date,
            end_date,
            ..ProgramRow::default()
        });
        self.given.push(key);
    }
}

/// A term without the mark of those that the vocabulary does not list.
fn local_name(term: &str) -> &str {
    term.strip_prefix("ext:").unwrap_or(term)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_used_name_is_preferred_where_the_legal_one_is_another() {
        let names =
            Names::new([Some("Ming"), None, Some("Wang")], [Some("小明"), None, Some("Wang")]);
        let expected = Names {
            given: Some("小明"),
            family: Some("Wang"),
            preferred_given: Some("Ming"),
            ..Names::default()
        };
        assert_eq!(names, expected);
        let names = Names::new([Some("Zo"), None, Some("Ng")], [None; 3]);
        let expected = Names { given: Some("Zo"), family: Some("Ng"), ..Names::default() };
        assert_eq!(names, expected);
    }
}
