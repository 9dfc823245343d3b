//! How much a night may change before a person has to look.

use roster_core::{ConfigProblem, EntityKind};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Makes a struct of limits that may each be left out, and what else stands beside them.
macro_rules! limits {
    ($(#[$meta:meta])* $name:ident { $($(#[$extra_meta:meta])* $extra:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, default)]
        pub struct $name {
            /// Percent of the published records of a table that a night may delete.  Default: 10.  Example: `20`
            #[schemars(range(min = 0, max = 100))]
            pub deleted_percent: Option<f64>,
            /// Number of records of a table that a night may always delete, whatever their share.  Default: 25.
            /// Example: `5`
            pub deleted_floor: Option<u64>,
            /// Number of records of a table above which deletions always wait, whatever their share.  Default: none.
            /// Example: `2000`
            pub deleted_ceiling: Option<u64>,
            /// Percent of the published records of a table that a night may update.  Default: 75.  Example: `50`
            #[schemars(range(min = 0, max = 100))]
            pub updated_percent: Option<f64>,
            /// Number of records of a table that a night may always update, whatever their share.  Default: 25.
            /// Example: `100`
            pub updated_floor: Option<u64>,
            /// Number of records of a table above which updates always wait, whatever their share.  Default: none.
            /// Example: `50000`
            pub updated_ceiling: Option<u64>,
            /// Percent of the published records of a table that may lose the value of one field in a night: it cannot be
            /// read, or does not come any more.  Default: 10.  Example: `2`
            #[schemars(range(min = 0, max = 100))]
            pub cleared_percent: Option<f64>,
            /// Number of records of a table that may always lose the value of a field, whatever their share.
            /// Default: 25.  Example: `100`
            pub cleared_floor: Option<u64>,
            /// Number of records of a table above which a loss of a field's values always waits, whatever their share.
            /// Default: none.  Example: `500`
            pub cleared_ceiling: Option<u64>,
            /// Percent of a table's records in the feed that may be rejected before its updates and deletions wait.
            /// Default: 10.  Example: `2`
            #[schemars(range(min = 0, max = 100))]
            pub rejected_percent: Option<f64>,
            /// Number of a table's records that may always be rejected, whatever their share.  Default: 25.
            /// Example: `100`
            pub rejected_floor: Option<u64>,
            $($(#[$extra_meta])* pub $extra: $type,)*
        }
    };
}

limits! {
    /// Limits of a night, for each table of a district and of each of its schools.
    ///
    /// A share counts only above its floor, so that a class of twelve does not stop a night when two leave.
    LimitSettings {
        /// Other limits for a table, by its name.  Example: `{ enrollments = { deleted_percent = 30 } }`
        entities: BTreeMap<String, OtherLimits>,
        /// Other limits for a school, by its key at the source; they go before those of a table.
        /// Example: `{ "s-17" = { deleted_percent = 50 } }`
        schools: BTreeMap<String, OtherLimits>,
    }
}

limits! {
    /// Limits that differ for a table or a school; what is not set stays as it is.
    OtherLimits {}
}

impl LimitSettings {
    /// Everything that is wrong with the settings.
    #[must_use]
    pub fn problems(&self) -> Vec<ConfigProblem> {
        let unknown = self.entities.keys().filter(|it| EntityKind::from_table(it).is_none());
        let message = |it| format!("no table is called {it:?}; docs/model.md lists them");
        unknown.map(|it| ConfigProblem { key: "entities", message: message(it) }).collect()
    }

    fn whole(&self) -> OtherLimits {
        OtherLimits {
            deleted_percent: self.deleted_percent,
            deleted_floor: self.deleted_floor,
            deleted_ceiling: self.deleted_ceiling,
            updated_percent: self.updated_percent,
            updated_floor: self.updated_floor,
            updated_ceiling: self.updated_ceiling,
            cleared_percent: self.cleared_percent,
            cleared_floor: self.cleared_floor,
            cleared_ceiling: self.cleared_ceiling,
            rejected_percent: self.rejected_percent,
            rejected_floor: self.rejected_floor,
        }
    }
}

/// The limits of a district's nights: its own settings, then those of all nights, then the defaults.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Limits {
    layers: Vec<LimitSettings>,
}

/// One limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Limit {
    percent: f64,
    floor: u64,
    ceiling: Option<u64>,
}

impl Limits {
    /// The limits of a district; `settings` that come first go before the others.
    #[must_use]
    pub fn new(settings: impl IntoIterator<Item = LimitSettings>) -> Self {
        Self { layers: settings.into_iter().collect() }
    }

    /// The limit for deletions.
    pub(crate) fn deleted(&self, entity: EntityKind, school: Option<&str>) -> Limit {
        Limit {
            percent: self.pick(entity, school, |it| it.deleted_percent).unwrap_or(10.0),
            floor: self.pick(entity, school, |it| it.deleted_floor).unwrap_or(25),
            ceiling: self.pick(entity, school, |it| it.deleted_ceiling),
        }
    }

    /// The limit for updates.
    pub(crate) fn updated(&self, entity: EntityKind, school: Option<&str>) -> Limit {
        Limit {
            percent: self.pick(entity, school, |it| it.updated_percent).unwrap_or(75.0),
            floor: self.pick(entity, school, |it| it.updated_floor).unwrap_or(25),
            ceiling: self.pick(entity, school, |it| it.updated_ceiling),
        }
    }

    /// The limit for records that lose the value of a field.
    pub(crate) fn cleared(&self, entity: EntityKind, school: Option<&str>) -> Limit {
        Limit {
            percent: self.pick(entity, school, |it| it.cleared_percent).unwrap_or(10.0),
            floor: self.pick(entity, school, |it| it.cleared_floor).unwrap_or(25),
            ceiling: self.pick(entity, school, |it| it.cleared_ceiling),
        }
    }

    /// The limit for rejected records.
    pub(crate) fn rejected(&self, entity: EntityKind) -> Limit {
        Limit {
            percent: self.pick(entity, None, |it| it.rejected_percent).unwrap_or(10.0),
            floor: self.pick(entity, None, |it| it.rejected_floor).unwrap_or(25),
            ceiling: None,
        }
    }

    /// The keys of schools that have limits of their own.
    pub(crate) fn schools(&self) -> impl Iterator<Item = &str> {
        self.layers.iter().flat_map(|it| it.schools.keys()).map(String::as_str)
    }

    fn pick<T>(
        &self,
        entity: EntityKind,
        school: Option<&str>,
        of: impl Fn(&OtherLimits) -> Option<T>,
    ) -> Option<T> {
        self.layers.iter().find_map(|layer| {
            let school = school.and_then(|it| layer.schools.get(it)).and_then(&of);
            let table = || layer.entities.get(entity.table()).and_then(&of);
            school.or_else(table).or_else(|| of(&layer.whole()))
        })
    }
}

impl Limit {
    /// Whether `count` of `all` is too much.
    pub(crate) fn is_broken(&self, count: u64, all: u64) -> bool {
        #[allow(clippy::cast_precision_loss, reason = "a share needs no more than 52 bits")]
        let share = count as f64 * 100.0 > self.percent * all as f64;
        (count > self.floor && share) || self.ceiling.is_some_and(|it| count > it)
    }

    /// Whether so many may be too much, of whatever number.
    pub(crate) fn may_break(&self, count: u64) -> bool {
        count > self.floor || self.ceiling.is_some_and(|it| count > it)
    }

    /// The limit in words.
    pub(crate) fn describe(&self) -> String {
        let ceiling = self.ceiling.map(|it| format!(", or more than {it}")).unwrap_or_default();
        format!("more than {} % and more than {}{ceiling}", self.percent, self.floor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn district_goes_before_nights_and_schools_before_tables() {
        #[track_caller]
        fn check(limit: Limit, expected: &str) {
            assert_eq!(limit.describe(), expected);
        }
        let settings = |text| toml::from_str::<LimitSettings>(text).unwrap();
        let district = settings(
            "[entities.users]\ndeleted_percent = 5\ndeleted_floor = 1\n[schools.s]\ndeleted_floor = 2\n",
        );
        let night = settings("deleted_percent = 20\n[entities.users]\ndeleted_ceiling = 9\n");
        let limits = Limits::new([district, night]);
        let deleted = |entity, school| limits.deleted(entity, school);
        check(deleted(EntityKind::Org, None), "more than 20 % and more than 25");
        check(deleted(EntityKind::User, None), "more than 5 % and more than 1, or more than 9");
        check(
            deleted(EntityKind::User, Some("s")),
            "more than 5 % and more than 2, or more than 9",
        );
        check(deleted(EntityKind::Org, Some("t")), "more than 20 % and more than 25");
        check(limits.updated(EntityKind::Org, None), "more than 75 % and more than 25");
        check(limits.cleared(EntityKind::Org, Some("s")), "more than 10 % and more than 25");
        check(limits.rejected(EntityKind::Org), "more than 10 % and more than 25");
        assert_eq!(settings("[entities.nothing]\n").problems().len(), 1);
    }

    #[test]
    fn a_limit_is_broken_above_share_and_floor_or_above_the_ceiling() {
        #[track_caller]
        fn check(limit: Limit, count: u64, all: u64, expected: bool) {
            assert_eq!(limit.is_broken(count, all), expected, "{count} of {all}");
            assert!(limit.may_break(count) || !expected, "{count} of {all}");
        }
        let limit = Limit { percent: 10.0, floor: 25, ceiling: None };
        check(limit, 25, 30, false);
        check(limit, 26, 260, false);
        check(limit, 27, 260, true);
        check(limit, 0, 0, false);
        check(Limit { ceiling: Some(500), ..limit }, 501, 1_000_000, true);
    }
}
