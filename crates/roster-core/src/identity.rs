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

#[cfg(test)]
mod tests {
    use super::*;

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
