//! Which school each published record belongs to, so that limits can be kept school by school.

use roster_core::{EntityKind, Row, model::OrgType};
use roster_sink::{PublishedIndex, Slot, key_of};
use std::collections::{BTreeMap, HashMap};

/// Number of a school within a night; 0 stands for none.
pub(super) type School = u16;

/// Records that belong to no school.
pub(super) const NONE: School = 0;

/// Names of the fields that name a record's own school, the surest first.
const OWN: [&str; 3] = ["school_source_id", "org_source_id", "primary_org_source_id"];
/// Fields by which a record belongs to the school of another record.
const OTHERS: [&str; 3] = ["section_source_id", "user_source_id", "student_source_id"];

type Indexes = BTreeMap<EntityKind, PublishedIndex>;

/// Where records belong, as far as rows have told.
#[derive(Debug)]
pub(super) struct Schools {
    /// A district's first night has nothing that could be lost, and nothing is remembered.
    first: bool,
    names: Vec<String>,
    numbers: HashMap<u128, School>,
    /// By slot.
    places: BTreeMap<EntityKind, Vec<School>>,
    fields: Vec<Fields>,
    /// The last key of an organization and its number: records that follow each other often belong together.
    last: (String, School),
}

/// Where an entity's rows name a school or something that belongs to one.
#[derive(Debug)]
struct Fields {
    own: Vec<usize>,
    others: Vec<(usize, EntityKind)>,
}

impl Fields {
    fn of(entity: EntityKind) -> Self {
        let schema = entity.schema();
        let own = OWN.iter().filter_map(|it| schema.field(it)).collect();
        let others = OTHERS.iter().filter_map(|it| schema.field(it));
        let others = others.filter_map(|it| Some((it, schema.fields[it].reference?.entity)));
        Self { own, others: others.collect() }
    }
}

impl Schools {
    pub(super) fn new(first: bool) -> Self {
        Self {
            first,
            names: vec![String::new()],
            numbers: HashMap::new(),
            places: BTreeMap::new(),
            fields: EntityKind::ALL.iter().map(|it| Fields::of(*it)).collect(),
            last: (String::new(), NONE),
        }
    }

    /// The school's key at the source.
    pub(super) fn name(&self, school: School) -> Option<&str> {
        self.names.get(usize::from(school)).map(String::as_str).filter(|it| !it.is_empty())
    }

    /// How many schools were seen, [`NONE`] included.
    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    /// The school of a published record.
    pub(super) fn place(&self, entity: EntityKind, slot: Slot) -> School {
        let places = self.places.get(&entity);
        places.and_then(|it| it.get(slot as usize)).copied().unwrap_or(NONE)
    }

    /// Notes where an accepted or published row belongs.  Rows come in load order.
    pub(super) fn see(&mut self, row: &Row<'_>, key: u128, slot: Slot, indexes: &mut Indexes) {
        if self.first {
            return;
        }
        if row.entity() == EntityKind::Org {
            self.note_school(row, key);
        }
        let school = self.of(row, indexes);
        self.put(row.entity(), slot, school);
        if row.entity() == EntityKind::Role {
            self.place_user(row, school, indexes);
        }
    }

    fn note_school(&mut self, row: &Row<'_>, key: u128) {
        let kind = row.schema().field("org_type").and_then(|it| row.get(it));
        if kind != Some(OrgType::School.term()) || self.numbers.contains_key(&key) {
            return;
        }
        // A district with more schools has no limits for those beyond.
        let Ok(number) = School::try_from(self.names.len()) else { return };
        self.names.push(row.source_id().to_owned());
        self.numbers.insert(key, number);
    }

    fn of(&mut self, row: &Row<'_>, indexes: &mut Indexes) -> School {
        if row.entity() == EntityKind::Org {
            return self.number(row.source_id());
        }
        let entity = row.entity() as usize;
        for field in 0..self.fields[entity].own.len() {
            let Some(org) = row.get(self.fields[entity].own[field]) else { continue };
            let school = self.number(org);
            if school != NONE {
                return school;
            }
        }
        let others = self.fields[entity].others.iter();
        let places = others.filter_map(|(field, target)| {
            let slot = indexes.get_mut(target)?.look_up(key_of(row.get(*field)?))?;
            Some(self.place(*target, slot)).filter(|it| *it != NONE)
        });
        places.into_iter().next().unwrap_or(NONE)
    }

    /// Users have their schools by their roles, unless they name one themselves.
    fn place_user(&mut self, role: &Row<'_>, school: School, indexes: &mut Indexes) {
        let user = role.schema().field("user_source_id").and_then(|it| role.get(it));
        let users = indexes.get_mut(&EntityKind::User);
        let slot = user.zip(users).and_then(|(user, users)| users.look_up(key_of(user)));
        if let Some(slot) = slot
            && self.place(EntityKind::User, slot) == NONE
        {
            self.put(EntityKind::User, slot, school);
        }
    }

    fn put(&mut self, entity: EntityKind, slot: Slot, school: School) {
        if school == NONE {
            return;
        }
        let places = self.places.entry(entity).or_default();
        let slot = slot as usize;
        if places.len() <= slot {
            places.resize(slot + 1, NONE);
        }
        places[slot] = school;
    }

    fn number(&mut self, org: &str) -> School {
        if self.last.0 == org {
            return self.last.1;
        }
        let school = self.numbers.get(&key_of(org)).copied().unwrap_or(NONE);
        self.last.0.clear();
        self.last.0.push_str(org);
        self.last.1 = school;
        school
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use roster_core::{
        Rows,
        model::{DemographicsRow, EnrollmentRow, OrgRow, RoleRow, TypedRow, UserRow},
    };

    #[derive(Default)]
    struct Night {
        indexes: Indexes,
    }

    impl Night {
        fn see<'a, T: TypedRow<'a>>(&mut self, schools: &mut Schools, row: &T) -> School {
            let mut rows = Rows::new(T::ENTITY);
            rows.push(0, row);
            let row = rows.get(0).expect("a row was pushed");
            let key = key_of(row.source_id());
            let slot = self.indexes.entry(T::ENTITY).or_default().insert(key, 0);
            schools.see(&row, key, slot, &mut self.indexes);
            schools.place(T::ENTITY, slot)
        }
    }

    #[test]
    fn records_belong_to_the_school_they_name_or_that_of_what_they_name() {
        let mut night = Night::default();
        let mut schools = Schools::new(false);
        let org = |source_id, org_type| OrgRow {
            source_id,
            name: "N",
            org_type: Some(org_type),
            ..OrgRow::default()
        };
        assert_eq!(night.see(&mut schools, &org("d", OrgType::District)), NONE);
        let school = night.see(&mut schools, &org("s", OrgType::School));
        assert_eq!(schools.name(school), Some("s"));
        let user = |source_id| UserRow { source_id, ..UserRow::default() };
        assert_eq!(night.see(&mut schools, &user("u")), NONE);
        assert_eq!(night.see(&mut schools, &user("of the district")), NONE);
        let role = |source_id, user_source_id, org_source_id| RoleRow {
            source_id,
            user_source_id,
            org_source_id,
            ..RoleRow::default()
        };
        assert_eq!(night.see(&mut schools, &role("r", "u", "s")), school);
        assert_eq!(night.see(&mut schools, &role("r2", "of the district", "d")), NONE);
        let demographics = |source_id, user_source_id| DemographicsRow {
            source_id,
            user_source_id,
            ..DemographicsRow::default()
        };
        assert_eq!(night.see(&mut schools, &demographics("1", "u")), school);
        assert_eq!(night.see(&mut schools, &demographics("2", "of the district")), NONE);
        let enrollment = EnrollmentRow {
            source_id: "e",
            school_source_id: Some("s"),
            ..EnrollmentRow::default()
        };
        assert_eq!(night.see(&mut schools, &enrollment), school);
        let mut first = Schools::new(true);
        assert_eq!(night.see(&mut first, &org("t", OrgType::School)), NONE);
    }
}
