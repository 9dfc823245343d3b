//! Clever's values as canonical text.

use crate::wire::{Ext, Location};
use roster_core::value::{Date, push_json_string};

/// The grades in their order, as Clever writes them and as the model does (Common Education Data Standards).
const GRADES: &[(&str, &str)] = &[
    ("InfantToddler", "IT"),
    ("Preschool", "PR"),
    ("PreKindergarten", "PK"),
    ("TransitionalKindergarten", "TK"),
    ("Kindergarten", "KG"),
    ("1", "01"),
    ("2", "02"),
    ("3", "03"),
    ("4", "04"),
    ("5", "05"),
    ("6", "06"),
    ("7", "07"),
    ("8", "08"),
    ("9", "09"),
    ("10", "10"),
    ("11", "11"),
    ("12", "12"),
    ("13", "13"),
    ("PostGraduate", "PS"),
    ("Ungraded", "UG"),
    ("Other", "other"),
];

/// A grade; one that is not in Clever's list is kept as it is.
pub(crate) fn grade(text: &str) -> &str {
    GRADES.iter().find(|it| it.0 == text).map_or(text, |it| it.1)
}

/// The grades from one to another; those two alone where the list does not have them in this order.
pub(crate) fn grade_span<'a>(low: &'a str, high: &'a str) -> Vec<&'a str> {
    let number = |text: &str| GRADES.iter().position(|it| it.0 == text);
    match (number(low), number(high)) {
        (Some(low), Some(high)) if low <= high => {
            GRADES[low..=high].iter().map(|it| it.1).collect()
        }
        _ => {
            let mut both: Vec<_> = [low, high].into_iter().filter(|it| !it.is_empty()).collect();
            both.dedup();
            both.into_iter().map(grade).collect()
        }
    }
}

/// A date: `2/11/2007` as recorded, `2007-02-11` as documented, or a time whose date counts.
pub(crate) fn date(text: &str) -> Option<Date> {
    let number = |it: &str| it.parse::<i16>().ok();
    if let Some((month, rest)) = text.split_once('/') {
        let (day, year) = rest.split_once('/')?;
        let (month, day) = (i8::try_from(number(month)?).ok()?, i8::try_from(number(day)?).ok()?);
        let year = number(year).filter(|it| (1800..=2200).contains(it))?;
        return Date::new(year, month, day).ok();
    }
    text.get(..10)?.parse().ok().filter(|_| matches!(text.as_bytes().get(10), None | Some(b'T')))
}

/// `Y` and `N`, and what others write for them.
pub(crate) fn flag(text: &str) -> Option<bool> {
    match text {
        "Y" | "y" | "Yes" | "yes" | "true" | "1" => Some(true),
        "N" | "n" | "No" | "no" | "false" | "0" => Some(false),
        _ => None,
    }
}

/// Whether a field's name speaks of passwords or other credentials.
pub(crate) fn is_credential(name: &str) -> bool {
    const WORDS: [&str; 5] = ["password", "passwd", "passcode", "secret", "token"];
    let name = name.to_ascii_lowercase();
    let is_pin = name.split(|it: char| !it.is_ascii_alphanumeric()).any(|it| it == "pin");
    is_pin || WORDS.iter().any(|it| name.contains(it))
}

/// Writes a JSON object of texts, without allocating for each.
#[derive(Debug, Default)]
pub(crate) struct JsonObject(String);

impl JsonObject {
    /// Empties it.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Adds a field, if it is filled.
    pub(crate) fn field(&mut self, name: &str, value: &str) {
        if value.is_empty() {
            return;
        }
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        push_json_string(&mut self.0, name);
        self.0.push(':');
        push_json_string(&mut self.0, value);
    }

    /// Adds extension fields as `ext.NAME`; says whether one was left out since it seems to be a credential.
    pub(crate) fn extensions(&mut self, ext: &Ext<'_>, seen: &mut Vec<String>) -> bool {
        let mut left_out = false;
        for (name, value) in &ext.0 {
            if is_credential(name) {
                left_out = true;
            } else if !value.trim().is_empty() {
                let name = format!("ext.{name}");
                if !seen.contains(&name) {
                    self.field(&name, value.trim());
                    seen.push(name);
                }
            }
        }
        left_out
    }

    /// Adds an address as `location.PART`.
    pub(crate) fn location(&mut self, location: &Location<'_>) {
        self.field("location.address", location.address.get());
        self.field("location.city", location.city.get());
        self.field("location.state", location.state.get());
        self.field("location.zip", location.zip.get());
        self.coordinates(location);
    }

    /// Adds where an address is.
    pub(crate) fn coordinates(&mut self, location: &Location<'_>) {
        self.field("location.lat", location.lat.get());
        self.field("location.lon", location.lon.get());
    }

    /// Ends the object; `None` when it has no field.
    pub(crate) fn end(&mut self) -> Option<&str> {
        if self.0.is_empty() {
            return None;
        }
        self.0.push('}');
        Some(&self.0)
    }
}

/// Writes a JSON array of identifiers.
#[derive(Debug, Default)]
pub(crate) struct JsonIdentifiers(String);

impl JsonIdentifiers {
    /// Empties it.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Adds an identifier, if it is filled.
    pub(crate) fn add(&mut self, scheme: &str, identifier: &str) {
        if identifier.is_empty() {
            return;
        }
        self.0.push_str(if self.0.is_empty() { "[{\"type\":" } else { ",{\"type\":" });
        push_json_string(&mut self.0, scheme);
        self.0.push_str(",\"identifier\":");
        push_json_string(&mut self.0, identifier);
        self.0.push('}');
    }

    /// Ends the array; `None` when it is empty.
    pub(crate) fn end(&mut self) -> Option<&str> {
        if self.0.is_empty() {
            return None;
        }
        self.0.push(']');
        Some(&self.0)
    }
}

/// Writes a JSON array of texts into `out`; `None` when there is none.
pub(crate) fn json_list<'a>(items: &[&str], out: &'a mut String) -> Option<&'a str> {
    out.clear();
    for item in items.iter().filter(|it| !it.is_empty()) {
        out.push(if out.is_empty() { '[' } else { ',' });
        push_json_string(out, item);
    }
    if out.is_empty() {
        return None;
    }
    out.push(']');
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_the_forms_that_were_recorded_and_documented() {
        let check = |text: &str, expected: &str| {
            assert_eq!(date(text).map(|it| it.to_string()).unwrap_or_default(), expected, "{text}");
        };
        check("2/11/2007", "2007-02-11");
        check("12/01/2007", "2007-12-01");
        check("2012-08-01", "2012-08-01");
        check("2015-08-25T00:00:00.000Z", "2015-08-25");
        for wrong in ["", "13/1/2007", "2/30/2007", "2/11/07", "soon", "2012-08-01x", "2012"] {
            check(wrong, "");
        }
    }

    #[test]
    fn grades_are_those_of_the_model() {
        assert_eq!(grade("Kindergarten"), "KG");
        assert_eq!(grade("9"), "09");
        assert_eq!(grade("Grade 7"), "Grade 7");
        assert_eq!(grade_span("Kindergarten", "2"), ["KG", "01", "02"]);
        assert_eq!(grade_span("", "8"), ["08"]);
        assert_eq!(grade_span("9", "9"), ["09"]);
        assert_eq!(grade_span("12", "9"), ["12", "09"]);
        assert!(grade_span("", "").is_empty());
    }

    #[test]
    fn extension_fields_are_kept_but_for_blanks_and_credentials() {
        let ext = |text| serde_json::from_str::<Ext<'_>>(text).unwrap();
        let mut object = JsonObject::default();
        let mut seen = Vec::new();
        object.field("sis_id", "}");
        let left_out = object.extensions(
            &ext(r#"{"a":"1","b":"","web_password":"x","pin":"2","spin":"3"}"#),
            &mut seen,
        );
        assert!(left_out);
        assert!(!object.extensions(&ext(r#"{"a":"other","c":"}"}"#), &mut seen));
        assert_eq!(object.end(), Some(r#"{"sis_id":"}","ext.a":"1","ext.spin":"3","ext.c":"}"}"#));
    }
}
