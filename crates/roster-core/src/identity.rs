//! Who a record is for the outside: district ids and stable public ids.

use crate::EntityKind;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// Namespace of all public ids.  Never changes: consumers keep the ids.
const NAMESPACE: Uuid = Uuid::from_u128(0x6f1d_0c5e_8a57_5d1b_9a3e_50b6_cf0e_7a21);

/// A district's id as the operator chose it: 1 to 64 of `a-z A-Z 0-9 . _ -`, not starting with a dot or dash.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DistrictId(Box<str>);

impl DistrictId {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DistrictId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let allowed = |it: char| it.is_ascii_alphanumeric() || matches!(it, '.' | '_' | '-');
        if text.is_empty()
            || text.len() > 64
            || !text.chars().all(allowed)
            || text.starts_with(['.', '-'])
        {
            return Err("a district id is 1 to 64 letters, digits, dots, dashes or underscores, \
                        and starts with none of . and -"
                .to_owned());
        }
        Ok(Self(text.into()))
    }
}

impl TryFrom<String> for DistrictId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<DistrictId> for String {
    fn from(id: DistrictId) -> Self {
        id.0.into()
    }
}

impl fmt::Display for DistrictId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The public id of a record: UUIDv5 of district, table and source id, separated by U+001F.
///
/// Stable as long as those three are; a re-key keeps it through the sink's own map.
#[must_use]
pub fn public_id(district: &DistrictId, entity: EntityKind, source_id: &str) -> Uuid {
    const SEPARATOR: u8 = 0x1f;
    let table = entity.table();
    let mut name = Vec::with_capacity(district.as_str().len() + table.len() + source_id.len() + 2);
    name.extend_from_slice(district.as_str().as_bytes());
    name.push(SEPARATOR);
    name.extend_from_slice(table.as_bytes());
    name.push(SEPARATOR);
    name.extend_from_slice(source_id.as_bytes());
    Uuid::new_v5(&NAMESPACE, &name)
}

/// The key of a record to which its source gives none, made of the keys it stands between: see [`push_derived_id`].
#[must_use]
pub fn derived_id(parts: &[&str]) -> String {
    let mut id = String::new();
    push_derived_id(parts, &mut id);
    id
}

/// Appends a derived key: the parts, joined with `/`.
///
/// Within a part `/` is written `%2F` and `%` is written `%25`, so that no two lists of parts give the same key: keys
/// may hold slashes.  Every connector that derives keys does it here, so that a district keeps them when it changes its
/// connector.
pub fn push_derived_id(parts: &[&str], out: &mut String) {
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            out.push('/');
        }
        for piece in part.split_inclusive(['/', '%']) {
            match piece.strip_suffix('/') {
                Some(before) => out.extend([before, "%2F"]),
                None => out.push_str(piece),
            }
            if piece.ends_with('%') {
                out.push_str("25");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_ids_tell_their_parts_apart() {
        let check = |parts: &[&str], expected: &str| assert_eq!(derived_id(parts), expected);
        check(&["u1", "s1", "student"], "u1/s1/student");
        check(&["a/b", "c"], "a%2Fb/c");
        check(&["a", "b/c"], "a/b%2Fc");
        check(&["a%2Fb", "c"], "a%252Fb/c");
        check(&["%", "/"], "%25/%2F");
        check(&["//", ""], "%2F%2F/");
        check(&["é", "x"], "é/x");
        check(&[], "");
    }

    #[test]
    fn public_ids_never_change() {
        let district: DistrictId = "lakeside".parse().unwrap();
        let id = public_id(&district, EntityKind::User, "u-1");
        assert_eq!(id.to_string(), "3c1f3f0f-249e-5823-a5fe-3e778c16fa22");
        assert_ne!(id, public_id(&district, EntityKind::Org, "u-1"));
    }

    #[test]
    fn district_ids_are_checked() {
        for bad in ["", ".a", "-a", "a b", "a/b", "é", &"x".repeat(65)] {
            assert!(bad.parse::<DistrictId>().is_err(), "{bad:?}");
        }
        assert!("Lake.side_1-2".parse::<DistrictId>().is_ok());
    }
}
