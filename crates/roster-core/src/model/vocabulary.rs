//! Vocabularies.  Terms are OneRoster 1.2's own spelling where OneRoster has the vocabulary.

use super::macros::vocabularies;

impl RoleType<'_> {
    /// Whether whoever has the role is a contact of students and not a student or of the staff.
    #[must_use]
    pub fn is_contact(&self) -> bool {
        matches!(self, Self::Parent | Self::Guardian | Self::Relative | Self::Contact)
    }
}

vocabularies! {
    /// Type of an organization (OneRoster 1.2 `OrgType`).
    OrgType {
        /// A department of any other organization.
        Department = "department",
        /// A school.
        School = "school",
        /// A district.
        District = "district",
        /// A local education agency between district and state; OneRoster 1.0's word for district.
        Local = "local",
        /// A state or province.
        State = "state",
        /// A country.
        National = "national",
    }
    /// Type of an academic session (OneRoster 1.2 `SessionType`).
    SessionType {
        /// Shorter than a term.
        GradingPeriod = "gradingPeriod",
        /// Half a school year.
        Semester = "semester",
        /// A school year.
        SchoolYear = "schoolYear",
        /// Any other division of a school year.
        Term = "term",
    }
    /// Type of a section (OneRoster 1.2 `ClassType`).
    SectionType {
        /// A homeroom.
        Homeroom = "homeroom",
        /// A scheduled class.
        Scheduled = "scheduled",
    }
    /// A user's role in an organization (OneRoster 1.2 `RoleEnum`, Clever roles).
    RoleType {
        /// Helps in classes.
        Aide = "aide",
        /// Counsels students.
        Counselor = "counselor",
        /// Leads or administers a district.
        DistrictAdministrator = "districtAdministrator",
        /// Has a guardian's rights over a student.
        Guardian = "guardian",
        /// A student's parent.
        Parent = "parent",
        /// Leads a school.
        Principal = "principal",
        /// Watches examinations.
        Proctor = "proctor",
        /// A student's relative who is neither parent nor guardian.
        Relative = "relative",
        /// Administers a school.
        SiteAdministrator = "siteAdministrator",
        /// A student.
        Student = "student",
        /// Administers systems.
        SystemAdministrator = "systemAdministrator",
        /// A teacher.
        Teacher = "teacher",
        /// Other staff (Clever `staff`, OneRoster 1.1 has no such role).
        Staff = "staff",
        /// A contact of a student whose relationship is not one of the above.
        Contact = "contact",
    }
    /// A user's role in a section (OneRoster 1.2 enrollment `RoleEnum`; `aide` as exporters write it).
    EnrollmentRole {
        /// Administers the section.
        Administrator = "administrator",
        /// Helps in the section.
        Aide = "aide",
        /// Watches examinations.
        Proctor = "proctor",
        /// Learns.
        Student = "student",
        /// Teaches.
        Teacher = "teacher",
    }
    /// Sex as recorded (OneRoster 1.2 `GenderEnum`).
    Sex {
        /// Male.
        Male = "male",
        /// Female.
        Female = "female",
        /// Neither is recorded.
        Unspecified = "unspecified",
        /// Another.
        Other_ = "other",
    }
    /// What a student's program is.
    ProgramType {
        /// English language learner.
        EnglishLanguageLearner = "ell",
        /// Free or reduced-price lunch.
        FreeReducedLunch = "frl",
        /// Individualized education program.
        IndividualizedEducationProgram = "iep",
        /// Accommodations under section 504.
        Section504 = "504",
        /// Gifted and talented.
        Gifted = "gifted",
        /// Economically disadvantaged, Title I.
        TitleI = "titleI",
        /// Experiencing homelessness (McKinney-Vento).
        Homeless = "homeless",
        /// Migrant education.
        Migrant = "migrant",
    }
    /// How important a resource is (OneRoster 1.2 `ImportanceEnum`).
    Importance {
        /// The main one.
        Primary = "primary",
        /// An additional one.
        Secondary = "secondary",
    }
    /// State of a result (OneRoster 1.2 `ScoreStatusEnum`).
    ScoreStatus {
        /// Need not be done.
        Exempt = "exempt",
        /// Graded in full.
        FullyGraded = "fully graded",
        /// Not handed in.
        NotSubmitted = "not submitted",
        /// Graded in part.
        PartiallyGraded = "partially graded",
        /// Handed in.
        Submitted = "submitted",
    }
    /// Where a learning objective is published (OneRoster 1.2 `LearningObjectiveSourceEnum`).
    LearningObjectiveSource {
        /// A CASE service.
        Case = "case",
        /// Not known.
        Unknown = "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contacts_are_parents_guardians_relatives_and_other_contacts() {
        let contacts = RoleType::TERMS.iter().filter(|it| RoleType::from_term(it).is_contact());
        assert_eq!(contacts.collect::<Vec<_>>(), [&"guardian", &"parent", &"relative", &"contact"]);
        assert!(!RoleType::from_term("ext:contact").is_contact());
    }
}
