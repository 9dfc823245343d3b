//! The JSON of the API, version 3.1, as the service sends it.
//!
//! No field is certain to be there: a blank is an empty text, a missing key or `null`.  Texts that come as numbers or
//! truth values are taken as text.  What is not listed here is not read.

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt};

/// A list of records, each left as it stands until it is mapped.
#[derive(Deserialize)]
pub(crate) struct Envelope<'a> {
    #[serde(borrow)]
    pub(crate) data: Vec<&'a RawValue>,
    #[serde(default, borrow)]
    pub(crate) links: Vec<Link<'a>>,
}

/// Where a list goes on.
#[derive(Deserialize)]
pub(crate) struct Link<'a> {
    #[serde(default, borrow)]
    pub(crate) rel: Text<'a>,
    #[serde(default, borrow)]
    pub(crate) uri: Text<'a>,
}

/// A record of a list, in its wrapper.
#[derive(Deserialize)]
pub(crate) struct Item<T> {
    pub(crate) data: T,
}

/// Text; empty when it is blank.  `Debug` hides it.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Text<'a>(pub(crate) Cow<'a, str>);

impl Text<'_> {
    /// Without white space around it.
    pub(crate) fn get(&self) -> &str {
        self.0.trim()
    }

    /// `None` when it is blank.
    pub(crate) fn filled(&self) -> Option<&str> {
        Some(self.get()).filter(|it| !it.is_empty())
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Text(hidden)")
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Text(Cow::Borrowed(if value { "Y" } else { "N" })))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Text(Cow::Owned(number.to_string())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Text(Cow::Owned(number.to_string())))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Text(Cow::Owned(number.to_string())))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Text::default())
    }
}

/// A list that may be `null`.
#[derive(Clone, Debug)]
pub(crate) struct List<T>(pub(crate) Vec<T>);

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(Option::deserialize(deserializer)?.unwrap_or_default()))
    }
}

/// An object that may be `null`.
fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Extension fields: texts by short names; deeper values are kept as JSON.  `Debug` hides them.
#[derive(Clone, Default)]
pub(crate) struct Ext<'a>(pub(crate) Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl fmt::Debug for Ext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ext({} fields)", self.0.len())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Ext<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ExtVisitor)
    }
}

struct ExtVisitor;

impl<'de> Visitor<'de> for ExtVisitor {
    type Value = Ext<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of texts")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Ext::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::new();
        while let Some((name, value)) = map.next_entry::<Text<'de>, &'de RawValue>()? {
            let text = serde_json::from_str::<Text<'de>>(value.get())
                .map_or(Cow::Borrowed(value.get()), |it| it.0);
            fields.push((name.0, text));
        }
        Ok(Ext(fields))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<serde::de::IgnoredAny>()?.is_some() {}
        Ok(Ext::default())
    }
}

/// Declares records whose fields are all optional.
macro_rules! records {
    ($($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)+ })+) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, Default, Deserialize)]
        #[serde(default, bound(deserialize = "'de: 'a"))]
        #[allow(clippy::struct_field_names, reason = "the names are Clever's")]
        pub(crate) struct $name<'a> {
            $($(#[$field_meta])* pub(crate) $field: $type,)+
        }
    )+};
}

records! {
    /// A district.
    District {
        id: Text<'a>,
        name: Text<'a>,
        state: Text<'a>,
        last_sync: Text<'a>,
        nces_id: Text<'a>,
        mdr_number: Text<'a>,
        sis_type: Text<'a>,
    }
    /// A school.
    School {
        id: Text<'a>,
        district: Text<'a>,
        name: Text<'a>,
        sis_id: Text<'a>,
        school_number: Text<'a>,
        ext: Ext<'a>,
        high_grade: Text<'a>,
        low_grade: Text<'a>,
        #[serde(deserialize_with = "nullable")]
        location: Location<'a>,
        mdr_number: Text<'a>,
        nces_id: Text<'a>,
        phone: Text<'a>,
        #[serde(deserialize_with = "nullable")]
        principal: Principal<'a>,
        state_id: Text<'a>,
    }
    /// An address.
    Location {
        address: Text<'a>,
        city: Text<'a>,
        state: Text<'a>,
        zip: Text<'a>,
        lat: Text<'a>,
        lon: Text<'a>,
    }
    /// Who leads a school.
    Principal {
        name: Text<'a>,
        email: Text<'a>,
    }
    /// A term.
    Term {
        id: Text<'a>,
        name: Text<'a>,
        start_date: Text<'a>,
        end_date: Text<'a>,
    }
    /// A course.
    Course {
        id: Text<'a>,
        name: Text<'a>,
        number: Text<'a>,
    }
    /// A section, with its members.
    Section {
        id: Text<'a>,
        school: Text<'a>,
        name: Text<'a>,
        sis_id: Text<'a>,
        subject: Text<'a>,
        students: List<Text<'a>>,
        teachers: List<Text<'a>>,
        teacher: Text<'a>,
        course: Text<'a>,
        term_id: Text<'a>,
        grade: Text<'a>,
        period: Text<'a>,
        section_number: Text<'a>,
        ext: Ext<'a>,
    }
    /// A person.
    User {
        id: Text<'a>,
        email: Text<'a>,
        #[serde(deserialize_with = "nullable")]
        name: Name<'a>,
        #[serde(deserialize_with = "nullable")]
        roles: Roles<'a>,
    }
    /// A name; a contact's stands in `last` as a whole.
    Name {
        first: Text<'a>,
        middle: Text<'a>,
        last: Text<'a>,
    }
    /// What a person is: teachers, staff and district leaders may be several at once.
    Roles {
        student: Option<Box<Student<'a>>>,
        teacher: Option<Box<Teacher<'a>>>,
        staff: Option<Box<Staff<'a>>>,
        district_admin: Option<Box<DistrictAdmin<'a>>>,
        contact: Option<Box<Contact<'a>>>,
    }
    /// A student.
    Student {
        legacy_id: Text<'a>,
        school: Text<'a>,
        schools: List<Text<'a>>,
        sis_id: Text<'a>,
        state_id: Text<'a>,
        student_number: Text<'a>,
        grade: Text<'a>,
        graduation_year: Text<'a>,
        dob: Text<'a>,
        gender: Text<'a>,
        race: Text<'a>,
        hispanic_ethnicity: Text<'a>,
        ell_status: Text<'a>,
        frl_status: Text<'a>,
        iep_status: Text<'a>,
        gifted_status: Text<'a>,
        section_504_status: Text<'a>,
        #[serde(deserialize_with = "nullable")]
        disability: Disability<'a>,
        home_language: Text<'a>,
        home_language_code: Text<'a>,
        #[serde(deserialize_with = "nullable")]
        preferred_name: Name<'a>,
        #[serde(deserialize_with = "nullable")]
        location: Location<'a>,
        #[serde(deserialize_with = "nullable")]
        credentials: Credentials<'a>,
        enrollments: List<SchoolEnrollment<'a>>,
        ext: Ext<'a>,
        email: Text<'a>,
    }
    /// A disability.
    Disability {
        disability_status: Text<'a>,
        disability_code: Text<'a>,
        disability_type: Text<'a>,
    }
    /// How somebody signs in; never a password.
    Credentials {
        district_username: Text<'a>,
    }
    /// When a student was at a school.
    SchoolEnrollment {
        school: Text<'a>,
        start_date: Text<'a>,
        end_date: Text<'a>,
    }
    /// A teacher.
    Teacher {
        legacy_id: Text<'a>,
        school: Text<'a>,
        schools: List<Text<'a>>,
        sis_id: Text<'a>,
        state_id: Text<'a>,
        teacher_number: Text<'a>,
        title: Text<'a>,
        #[serde(deserialize_with = "nullable")]
        credentials: Credentials<'a>,
        ext: Ext<'a>,
    }
    /// School staff, administrators among them.
    Staff {
        legacy_id: Text<'a>,
        staff_id: Text<'a>,
        schools: List<Text<'a>>,
        department: Text<'a>,
        title: Text<'a>,
        roles: List<Text<'a>>,
        #[serde(deserialize_with = "nullable")]
        credentials: Credentials<'a>,
        ext: Ext<'a>,
    }
    /// A district leader.
    DistrictAdmin {
        legacy_id: Text<'a>,
        title: Text<'a>,
    }
    /// A contact of students.
    Contact {
        legacy_id: Text<'a>,
        sis_id: Text<'a>,
        phone: Text<'a>,
        phone_type: Text<'a>,
        student_relationships: List<StudentRelationship<'a>>,
    }
    /// Whose contact, and as what.
    StudentRelationship {
        student: Text<'a>,
        relationship: Text<'a>,
        r#type: Text<'a>,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_come_as_empty_texts_missing_keys_or_null() {
        let check = |text: &str| {
            let user: User<'_> = serde_json::from_str(text).unwrap();
            assert_eq!((user.name.first.get(), user.email.filled()), ("", None), "{text}");
        };
        check(r#"{"id":"1"}"#);
        check(r#"{"name":null,"email":null,"roles":null}"#);
        check(r#"{"name":{"first":""},"email":" ","roles":{"student":null}}"#);
        check(
            r#"{"unknown":[{}],"roles":{"student":{"schools":null,"ext":null,"location":null}}}"#,
        );
    }

    #[test]
    fn texts_may_come_as_numbers_or_truth_values_and_extensions_deeper() {
        let text =
            r#"{"student":{"grade":9,"ell_status":true,"ext":{"a":1,"b":"\u00e9","c":["x"]}}}"#;
        let roles: Roles<'_> = serde_json::from_str(text).unwrap();
        let student = roles.student.unwrap();
        assert_eq!((student.grade.get(), student.ell_status.get()), ("9", "Y"));
        let ext: Vec<_> = student.ext.0.iter().map(|it| (&*it.0, &*it.1)).collect();
        assert_eq!(ext, [("a", "1"), ("b", "é"), ("c", "[\"x\"]")]);
        assert!(!format!("{student:?}").contains('é'));
    }
}
