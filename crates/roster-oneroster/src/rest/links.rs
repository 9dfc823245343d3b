//! Records of other files that stand as lists within an object.

use super::{
    cells::{items, key, scalar, text},
    collection::Link,
};
use roster_core::derived_id;
use serde_json::{Map, Value};
use std::collections::HashSet;

/// A record: cells by the names of their columns.
pub(super) type Cells = Vec<(&'static str, String)>;

/// The records that a link of an object gives.
pub(super) fn records(link: Link, owner: &str, object: &Map<String, Value>) -> Vec<Cells> {
    let list = |name: &str| object.get(name).map(items).unwrap_or_default();
    match link {
        Link::Roles => roles(owner, object),
        Link::Profiles => list("userProfiles").iter().flat_map(|it| profiles(owner, it)).collect(),
        Link::Resources(_) => references(owner, "resourceSourcedId", list("resources")),
        Link::ScoreScale(_) => references(owner, "scoreScaleSourcedId", list("scoreScale")),
        Link::LearningObjectives(_) => {
            list("learningObjectiveSet").iter().flat_map(|it| objectives(owner, it)).collect()
        }
    }
}

/// Whether an object tells roles one by one, as 1.2 does.
pub(super) fn has_roles(object: &Map<String, Value>) -> bool {
    object.get("roles").is_some_and(|it| items(it).iter().any(Value::is_object))
}

/// The roles of a user: those of `roles`, else `role` at each of `orgs`, the first of which is the primary one.
fn roles(user: &str, object: &Map<String, Value>) -> Vec<Cells> {
    let roles = object.get("roles").map(items).unwrap_or_default();
    let mut keys = HashSet::new();
    let mut records = Vec::new();
    for role in roles.iter().filter_map(Value::as_object) {
        let organization = ["org", "orgSourcedId"].iter().find_map(|it| key(role.get(*it)?));
        let organization = organization.unwrap_or_default();
        let (term, begin) = (text(role, "role"), text(role, "beginDate"));
        let mut source_id = derived_id(&[user, organization, term.trim()]);
        if !keys.insert(source_id.clone()) {
            // The same role once more, in another time.
            source_id = derived_id(&[user, organization, term.trim(), begin.trim()]);
            if !keys.insert(source_id.clone()) {
                continue;
            }
        }
        let profile = role.get("userProfile").and_then(key).unwrap_or_default().to_owned();
        records.push(vec![
            ("sourcedId", source_id),
            ("userSourcedId", user.to_owned()),
            ("roleType", text(role, "roleType")),
            ("role", term),
            ("beginDate", begin),
            ("endDate", text(role, "endDate")),
            ("orgSourcedId", organization.to_owned()),
            ("userProfileSourcedId", profile),
        ]);
    }
    if records.is_empty() { role_at_organizations(user, object) } else { records }
}

fn role_at_organizations(user: &str, object: &Map<String, Value>) -> Vec<Cells> {
    let term = text(object, "role");
    let organizations = object.get("orgs").or_else(|| object.get("orgSourcedIds"));
    let organizations = organizations.map(items).unwrap_or_default();
    if term.trim().is_empty() {
        return Vec::new();
    }
    let mut keys = HashSet::new();
    let organizations = organizations.iter().filter_map(key).filter(|it| keys.insert(*it));
    let role = |(index, organization): (usize, &str)| {
        vec![
            ("sourcedId", derived_id(&[user, organization, term.trim()])),
            ("userSourcedId", user.to_owned()),
            ("roleType", if index == 0 { "primary" } else { "secondary" }.to_owned()),
            ("role", term.clone()),
            ("orgSourcedId", organization.to_owned()),
        ]
    };
    organizations.enumerate().map(role).collect()
}

/// The accounts of a profile, one for each of its credentials, without the credentials themselves.
fn profiles(user: &str, profile: &Value) -> Vec<Cells> {
    let Some(profile) = profile.as_object() else { return Vec::new() };
    let own = text(profile, "profileId");
    let own = if own.trim().is_empty() { text(profile, "sourcedId") } else { own };
    let nothing = Value::Object(Map::new());
    let credentials = profile.get("credentials").map(items).filter(|it| !it.is_empty());
    let credentials = credentials.unwrap_or(std::slice::from_ref(&nothing));
    let account = |(index, credential): (usize, &Value)| {
        let of_credential = |name: &str| credential.get(name).map(scalar).unwrap_or_default();
        let kind = of_credential("type");
        let source_id = match index {
            0 => own.trim().to_owned(),
            _ => derived_id(&[own.trim(), kind.trim(), &index.to_string()]),
        };
        vec![
            ("sourcedId", source_id),
            ("userSourcedId", user.to_owned()),
            ("profileType", text(profile, "profileType")),
            ("vendorId", text(profile, "vendorId")),
            ("applicationId", text(profile, "applicationId")),
            ("description", text(profile, "description")),
            ("credentialType", kind),
            ("username", of_credential("username")),
        ]
    };
    credentials.iter().enumerate().map(account).collect()
}

/// One record for each of the records that an object refers to.
fn references(owner: &str, column: &'static str, list: &[Value]) -> Vec<Cells> {
    let mut keys = HashSet::new();
    let targets = list.iter().filter_map(key).filter(|it| keys.insert(*it));
    let record = |target: &str| {
        vec![
            ("sourcedId", derived_id(&[owner, target])),
            (OWNER, owner.to_owned()),
            (column, target.to_owned()),
        ]
    };
    targets.map(record).collect()
}

/// One record for each objective of a set, with the score where a result has one.
fn objectives(owner: &str, set: &Value) -> Vec<Cells> {
    let Some(set) = set.as_object() else { return Vec::new() };
    let source = text(set, "source");
    let lists = ["learningObjectiveIds", "learningObjectiveResults"];
    let list = lists.iter().filter_map(|it| set.get(*it)).flat_map(items);
    let objective = |item: &Value| {
        let (id, score, words) = match item {
            Value::Object(fields) => (
                text(fields, "learningObjectiveId"),
                text(fields, "score"),
                text(fields, "textScore"),
            ),
            other => (scalar(other), String::new(), String::new()),
        };
        vec![
            ("sourcedId", derived_id(&[owner, source.trim(), id.trim()])),
            (OWNER, owner.to_owned()),
            ("source", source.clone()),
            ("learningObjectiveId", id),
            ("score", score),
            ("textScore", words),
        ]
    };
    list.map(objective).collect()
}

/// Stands for the column that refers to the object the link stands in.
pub(super) const OWNER: &str = "*";

#[cfg(test)]
mod tests {
    use super::*;
    use roster_core::EntityKind;
    use serde_json::json;

    fn check(link: Link, object: &Value, expected: &[&[(&str, &str)]]) {
        let found = records(link, "u", object.as_object().unwrap());
        let told = |it: &Cells| {
            let told = it.iter().filter(|it| !it.1.is_empty());
            told.map(|it| (it.0.to_owned(), it.1.clone())).collect::<Vec<_>>()
        };
        let found: Vec<_> = found.iter().map(told).collect();
        let owned = |it: &&[(&str, &str)]| {
            it.iter().map(|it| (it.0.to_owned(), it.1.to_owned())).collect::<Vec<_>>()
        };
        assert_eq!(found, expected.iter().map(owned).collect::<Vec<_>>());
    }

    #[test]
    fn roles_come_one_by_one_or_for_each_organization() {
        let role =
            |org, kind| json!({"roleType": kind, "role": "teacher", "org": {"sourcedId": org}});
        let at = |id, kind, org| {
            [
                ("sourcedId", id),
                ("userSourcedId", "u"),
                ("roleType", kind),
                ("role", "teacher"),
                ("orgSourcedId", org),
            ]
        };
        let both = json!({"roles": [role("a", "primary"), role("b", "secondary"), role("b", "secondary")]});
        let (first, second) =
            (at("u/a/teacher", "primary", "a"), at("u/b/teacher", "secondary", "b"));
        check(Link::Roles, &both, &[&first, &second]);
        let flat = json!({"role": "teacher", "orgs": [{"sourcedId": "a"}, "b", "a"], "roles": []});
        check(Link::Roles, &flat, &[&first, &second]);
        check(Link::Roles, &json!({"role": "", "orgs": ["a"]}), &[]);
    }

    #[test]
    fn credentials_of_accounts_are_left_out() {
        let profile = json!({"userProfiles": [{"profileId": "p", "vendorId": "v",
            "credentials": [{"type": "PIN", "username": "n", "password": "canary"}, {"type": "SSO"}]}]});
        check(
            Link::Profiles,
            &profile,
            &[
                &[
                    ("sourcedId", "p"),
                    ("userSourcedId", "u"),
                    ("vendorId", "v"),
                    ("credentialType", "PIN"),
                    ("username", "n"),
                ],
                &[
                    ("sourcedId", "p/SSO/1"),
                    ("userSourcedId", "u"),
                    ("vendorId", "v"),
                    ("credentialType", "SSO"),
                ],
            ],
        );
    }

    #[test]
    fn references_and_objectives_become_records() {
        let link = Link::Resources(EntityKind::SectionResource);
        let twice = json!({"resources": [{"sourcedId": "r"}, "r"]});
        check(link, &twice, &[&[("sourcedId", "u/r"), (OWNER, "u"), ("resourceSourcedId", "r")]]);
        let sets = json!({"learningObjectiveSet": [{"source": "case", "learningObjectiveResults":
            [{"learningObjectiveId": "o", "score": 4}]}]});
        check(
            Link::LearningObjectives(EntityKind::ResultLearningObjective),
            &sets,
            &[&[
                ("sourcedId", "u/case/o"),
                (OWNER, "u"),
                ("source", "case"),
                ("learningObjectiveId", "o"),
                ("score", "4"),
            ]],
        );
    }
}
