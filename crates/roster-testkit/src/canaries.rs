//! Texts of the fixture district that nothing may show.

use crate::{District, Seed};
use roster_core::EntityKind;
use std::{collections::BTreeSet, sync::OnceLock};

const PERSONAL: [&str; 9] = [
    "given_name",
    "family_name",
    "middle_name",
    "preferred_given_name",
    "preferred_family_name",
    "username",
    "email",
    "phone",
    "sms",
];

/// Names, addresses and numbers of the fixture district's people, and the mark that all its passwords have.
///
/// Texts of less than six characters are left out: they could stand anywhere by chance.
///
/// # Panics
///
/// When the district cannot be read.
#[must_use]
pub fn canaries() -> &'static BTreeSet<String> {
    static CANARIES: OnceLock<BTreeSet<String>> = OnceLock::new();
    CANARIES.get_or_init(|| {
        let district = District::golden().expect("the golden district can be read");
        let users = district.records(EntityKind::User).iter();
        let texts = users.flat_map(|user| PERSONAL.map(|field| user.text(field).to_owned()));
        texts.filter(|it| it.chars().count() > 5).chain([Seed::CANARY.to_owned()]).collect()
    })
}
