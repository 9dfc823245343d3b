//! The words that columns may hold.

use roster_tabular::field::{self, Parsed};

/// A list of words.
#[derive(Debug)]
pub struct Vocabulary {
    /// The words.
    pub words: &'static [Word],
}

/// A word of a list.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    /// How to write it; upper and lower case, spaces, `_` and `-` do not matter.
    pub word: &'static str,
    /// What is read as the same.
    pub also: &'static [&'static str],
    /// The term of the model.
    pub term: &'static str,
    /// What it means.
    pub about: &'static str,
}

impl Vocabulary {
    /// The model's term for a written word; `None` for one that is not listed.
    #[must_use]
    pub fn term(&self, text: &str) -> Option<&'static str> {
        if let Some(exact) = self.words.iter().find(|it| it.word == text) {
            return Some(exact.term);
        }
        let means = |it: &&Word| {
            let same =
                |words: &[&'static str]| !matches!(field::term(text, words), Parsed::Invalid);
            same(&[it.word, it.term]) || same(it.also)
        };
        self.words.iter().find(means).map(|it| it.term)
    }
}

const fn word(
    word: &'static str,
    term: &'static str,
    also: &'static [&'static str],
    about: &'static str,
) -> Word {
    Word { word, also, term, about }
}

/// Type of a row of `schools.csv`.
pub static ORG_TYPE: Vocabulary = Vocabulary {
    words: &[
        word("school", "school", &["campus", "site"], "A school."),
        word("district", "district", &["local education agency", "lea"], "The district."),
        word("department", "department", &[], "A part of a school or of the district."),
        word("local", "local", &[], "An agency between district and state."),
        word("state", "state", &[], "The state."),
        word("national", "national", &[], "The country."),
    ],
};

/// Type of a term.
pub static SESSION_TYPE: Vocabulary = Vocabulary {
    words: &[
        word("school_year", "schoolYear", &["year", "full year"], "A school year."),
        word("semester", "semester", &[], "Half a school year."),
        word("term", "term", &["trimester", "session"], "Another division of a school year."),
        word(
            "grading_period",
            "gradingPeriod",
            &["quarter", "marking period"],
            "A division of a semester or trimester.",
        ),
    ],
};

/// Type of a section.
pub static SECTION_TYPE: Vocabulary = Vocabulary {
    words: &[
        word("scheduled", "scheduled", &["class"], "A class that meets by the timetable."),
        word("homeroom", "homeroom", &["advisory"], "A homeroom."),
    ],
};

/// Role of a member of staff at a school or in the district.
pub static STAFF_ROLE: Vocabulary = Vocabulary {
    words: &[
        word("teacher", "teacher", &[], "Teaches."),
        word("principal", "principal", &[], "Leads a school."),
        word(
            "school_administrator",
            "siteAdministrator",
            &["school admin", "assistant principal", "site admin"],
            "Administers a school.",
        ),
        word(
            "district_leader",
            "districtAdministrator",
            &["district admin", "superintendent"],
            "Leads or administers the district.",
        ),
        word("counselor", "counselor", &["school counselor"], "Counsels students."),
        word("aide", "aide", &["paraprofessional", "teaching assistant"], "Helps in classes."),
        word("proctor", "proctor", &[], "Watches examinations."),
        word(
            "system_administrator",
            "systemAdministrator",
            &["system admin", "technology coordinator"],
            "Administers systems.",
        ),
        word("staff", "staff", &["other"], "Any other member of staff."),
    ],
};

/// Role of a contact.
pub static CONTACT_ROLE: Vocabulary = Vocabulary {
    words: &[
        word(
            "parent",
            "parent",
            &["mother", "father", "mom", "dad", "stepmother", "stepfather", "parent/guardian"],
            "A parent.",
        ),
        word(
            "guardian",
            "guardian",
            &["legal guardian", "foster parent", "foster mother", "foster father"],
            "Has a parent's rights.",
        ),
        word(
            "relative",
            "relative",
            &[
                "grandmother",
                "grandfather",
                "grandparent",
                "aunt",
                "uncle",
                "sister",
                "brother",
                "sibling",
                "cousin",
            ],
            "Another relative.",
        ),
        word("contact", "contact", &["other", "neighbor", "friend", "emergency"], "Anybody else."),
    ],
};

/// Role of a member of staff in a section.
pub static SECTION_ROLE: Vocabulary = Vocabulary {
    words: &[
        word(
            "teacher",
            "teacher",
            &["lead teacher", "co-teacher", "teacher of record", "primary teacher"],
            "Teaches.",
        ),
        word("aide", "aide", &["paraprofessional", "teaching assistant"], "Helps."),
        word("proctor", "proctor", &[], "Watches examinations."),
        word("administrator", "administrator", &["admin"], "Administers the section."),
    ],
};

/// Sex as recorded.
pub static SEX: Vocabulary = Vocabulary {
    words: &[
        word("F", "female", &["girl"], "Female."),
        word("M", "male", &["boy"], "Male."),
        word("X", "other", &["nonbinary"], "Another."),
        word("U", "unspecified", &["unknown"], "Not recorded."),
    ],
};

/// Programs of students.
pub static PROGRAM: Vocabulary = Vocabulary {
    words: &[
        word("ell", "ell", &["el", "esl", "lep", "english learner"], "English language learner."),
        word(
            "frl",
            "frl",
            &["frpl", "free and reduced lunch", "lunch"],
            "Free or reduced-price lunch.",
        ),
        word(
            "iep",
            "iep",
            &["sped", "special education", "swd"],
            "Individualized education program.",
        ),
        word("504", "504", &["section 504", "504 plan"], "Accommodations under section 504."),
        word(
            "gifted",
            "gifted",
            &["gate", "gt", "tag", "gifted and talented"],
            "Gifted and talented.",
        ),
        word("title_i", "titleI", &["title 1"], "Title I."),
        word("homeless", "homeless", &["mckinney-vento"], "Experiencing homelessness."),
        word("migrant", "migrant", &["migrant education"], "Migrant education."),
    ],
};

/// Grades as they are kept (CEDS codes), and what is read as each.
pub const GRADES: &[(&str, &[&str])] = &[
    ("IT", &["infant", "toddler"]),
    ("PR", &["preschool", "ps3"]),
    ("PK", &["prek", "prekindergarten", "p", "-1", "-2", "pk3", "pk4"]),
    ("TK", &["transitionalkindergarten"]),
    ("KG", &["k", "kindergarten", "kinder", "0", "00"]),
    ("01", &["1", "1st", "first"]),
    ("02", &["2", "2nd", "second"]),
    ("03", &["3", "3rd", "third"]),
    ("04", &["4", "4th", "fourth"]),
    ("05", &["5", "5th", "fifth"]),
    ("06", &["6", "6th", "sixth"]),
    ("07", &["7", "7th", "seventh"]),
    ("08", &["8", "8th", "eighth"]),
    ("09", &["9", "9th", "ninth"]),
    ("10", &["10th", "tenth"]),
    ("11", &["11th", "eleventh"]),
    ("12", &["12th", "twelfth"]),
    ("13", &["13th"]),
    ("PS", &["postsecondary"]),
    ("UG", &["ungraded"]),
    ("Other", &[]),
];

/// The code of a grade however it is written; `None` for what is none.
#[must_use]
pub fn grade(text: &str) -> Option<&'static str> {
    if let Some((code, _)) = GRADES.iter().find(|it| it.0 == text) {
        return Some(code);
    }
    let text = text.strip_suffix(".0").unwrap_or(text);
    let text = ["grade ", "Grade "].iter().find_map(|it| text.strip_prefix(it)).unwrap_or(text);
    let is = |code: &str, also: &[&str]| {
        // A minus is no hyphen here.
        if text.starts_with('-') {
            return also.contains(&text);
        }
        matches!(field::term(text, &[code]), Parsed::Exact(_) | Parsed::Repaired(_))
            || also
                .iter()
                .filter(|it| !it.starts_with('-'))
                .any(|it| !matches!(field::term(text, &[it]), Parsed::Invalid))
    };
    GRADES.iter().find(|it| is(it.0, it.1)).map(|it| it.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grades_are_read_however_people_write_them() {
        for (text, code) in [
            ("09", Some("09")),
            ("9", Some("09")),
            ("9.0", Some("09")),
            ("Grade 9", Some("09")),
            ("9th", Some("09")),
            ("K", Some("KG")),
            ("kg", Some("KG")),
            ("00", Some("KG")),
            ("0", Some("KG")),
            ("PK", Some("PK")),
            ("Pre-K", Some("PK")),
            ("-1", Some("PK")),
            ("1", Some("01")),
            ("12", Some("12")),
            ("14", None),
            ("-7", None),
            ("", None),
        ] {
            assert_eq!(grade(text), code, "{text}");
        }
    }

    #[test]
    fn words_are_read_in_any_case_and_by_their_synonyms() {
        let check = |vocabulary: &Vocabulary, text: &str, term: Option<&str>| {
            assert_eq!(vocabulary.term(text), term, "{text}");
        };
        check(&STAFF_ROLE, "district_leader", Some("districtAdministrator"));
        check(&STAFF_ROLE, "District Leader", Some("districtAdministrator"));
        check(&STAFF_ROLE, "districtAdministrator", Some("districtAdministrator"));
        check(&STAFF_ROLE, "librarian", None);
        check(&SEX, "female", Some("female"));
        check(&SEX, "m", Some("male"));
        check(&PROGRAM, "Section 504", Some("504"));
        check(&CONTACT_ROLE, "Mother", Some("parent"));
    }
}
