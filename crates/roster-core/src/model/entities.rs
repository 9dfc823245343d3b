//! The entities, in load order.

use super::{
    macros::entities,
    schema::{EntitySchema, FieldSchema, Reference, TypedRow},
    vocabulary::{
        EnrollmentRole, Importance, LearningObjectiveSource, OrgType, ProgramType, RoleType,
        ScoreStatus, SectionType, SessionType, Sex,
    },
};
use crate::value::{
    Date, ExtensionMap, Extensions, FieldType, FieldValue, Identifier, Identifiers, TextList,
};

/// True for what the JSON form leaves out.
fn empty<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

entities! {
    /// Organizations: districts, schools and what else OneRoster knows.
    Org / OrgRow in "orgs" {
        /// Name.
        name: text required,
        /// Type.
        org_type: vocabulary (OrgType) required,
        /// Identifier people use, such as an NCES or state number.
        identifier: text,
        /// The organization it belongs to.
        parent_source_id: text => Org,
        /// Identifiers by scheme: `state`, `nces`, `local`.
        identifiers: identifiers,
        /// First line of the street address.
        address_line1: text,
        /// Second line of the street address.
        address_line2: text,
        /// City.
        city: text,
        /// State or province.
        state: text,
        /// Postal code.
        postal_code: text,
        /// Country.
        country: text,
        /// Telephone number.
        phone: text,
        /// Grades taught.
        grades: list,
    }
    /// School years, semesters, terms and grading periods.
    AcademicSession / AcademicSessionRow in "academic_sessions" {
        /// Title.
        title: text required,
        /// Type.
        session_type: vocabulary (SessionType) required,
        /// First day.
        start_date: date required,
        /// First day after.
        end_date: date required,
        /// The session it is part of.
        parent_source_id: text => AcademicSession,
        /// Year in which the school year ends.
        school_year: integer,
        /// The school it is for, where sessions differ by school.
        school_source_id: text => Org,
    }
    /// Courses.
    Course / CourseRow in "courses" {
        /// Title.
        title: text required,
        /// Code people use.
        course_code: text,
        /// The school year it is offered in.
        school_year_source_id: text => AcademicSession,
        /// The organization that offers it.
        org_source_id: text => Org,
        /// Grades it is for.
        grades: list,
        /// Subjects.
        subjects: list,
        /// Codes of the subjects, in the same order.
        subject_codes: list,
    }
    /// Sections: what OneRoster calls a class.
    Section / SectionRow in "sections" {
        /// Title.
        title: text required,
        /// Code people use.
        section_code: text,
        /// Type.
        section_type: vocabulary (SectionType),
        /// The course taught.
        course_source_id: text => Course,
        /// The school that runs it.
        school_source_id: text required => Org,
        /// The terms in which it meets.
        academic_session_source_ids: list => [AcademicSession],
        /// Where it meets.
        location: text,
        /// When in the day it meets.
        periods: list,
        /// Grades it is for.
        grades: list,
        /// Subjects.
        subjects: list,
        /// Codes of the subjects, in the same order.
        subject_codes: list,
    }
    /// People: students, teachers, staff, administrators, contacts.
    User / UserRow in "users" {
        /// Legal given name.
        given_name: text required,
        /// Legal family name.
        family_name: text required,
        /// Legal middle name.
        middle_name: text,
        /// Given name to be called by.
        preferred_given_name: text,
        /// Family name to be called by.
        preferred_family_name: text,
        /// Middle name to be called by.
        preferred_middle_name: text,
        /// Pronouns.
        pronouns: text,
        /// Name to sign in with.
        username: text,
        /// E-mail address.
        email: text,
        /// Number for text messages.
        sms: text,
        /// Telephone number.
        phone: text,
        /// Identifier people use, such as a student number.
        identifier: text,
        /// Identifiers by scheme.
        identifiers: identifiers,
        /// Identifier that spans systems (OneRoster 1.2 `userMasterIdentifier`).
        master_identifier: text,
        /// Grades a student is in.
        grades: list,
        /// Whether the account may be used.
        enabled: boolean,
        /// The organization that counts as theirs.
        primary_org_source_id: text => Org,
    }
    /// Accounts of people in other systems (OneRoster 1.2); credentials are never stored.
    UserProfile / UserProfileRow in "user_profiles" {
        /// Whose.
        user_source_id: text required => User,
        /// Type.
        profile_type: text,
        /// Vendor of the system.
        vendor_id: text,
        /// The system.
        application_id: text,
        /// Description.
        description: text,
        /// Kind of credential that goes with it.
        credential_type: text,
        /// Name to sign in with.
        username: text,
    }
    /// What people are, where: user × organization × role.
    Role / RoleRow in "roles" {
        /// Who.
        user_source_id: text required => User,
        /// Where.
        org_source_id: text required => Org,
        /// What.
        role: vocabulary (RoleType) required,
        /// Whether it is their main role there.
        is_primary: boolean,
        /// First day.
        begin_date: date,
        /// First day after.
        end_date: date,
        /// The account used in this role.
        user_profile_source_id: text => UserProfile,
    }
    /// Who is whose contact: parents, guardians, relatives and others of a student.
    Relationship / RelationshipRow in "relationships" {
        /// The student.
        student_source_id: text required => User,
        /// The contact.
        contact_source_id: text required => User,
        /// How they are related, in the source's words.
        relationship: text,
        /// What the contact is for, in the source's words.
        contact_type: text,
        /// Whether this is the student's first contact.
        is_primary: boolean,
        /// Order among the student's contacts, from 1.
        sequence: integer,
    }
    /// Birth, sex, race and ethnicity; apart from users, so that it can be left out.
    Demographics / DemographicsRow in "demographics" {
        /// Whose.
        user_source_id: text required => User,
        /// Date of birth.
        birth_date: date,
        /// Sex.
        sex: vocabulary (Sex),
        /// American Indian or Alaska native.
        american_indian_or_alaska_native: boolean,
        /// Asian.
        asian: boolean,
        /// Black or African American.
        black_or_african_american: boolean,
        /// Native Hawaiian or other Pacific Islander.
        native_hawaiian_or_other_pacific_islander: boolean,
        /// White.
        white: boolean,
        /// Two or more races.
        demographic_race_two_or_more_races: boolean,
        /// Hispanic or Latino.
        hispanic_or_latino_ethnicity: boolean,
        /// Country of birth.
        country_of_birth_code: text,
        /// State of birth.
        state_of_birth_abbreviation: text,
        /// City of birth.
        city_of_birth: text,
        /// Residence status for public schools.
        public_school_residence_status: text,
    }
    /// Programs of students: ELL, FRL, IEP, 504 and others; apart from users, so that they can be left out.
    Program / ProgramRow in "programs" {
        /// Who.
        user_source_id: text required => User,
        /// Which program.
        program: vocabulary (ProgramType) required,
        /// The status in it, in the source's words.
        status: text,
        /// First day.
        begin_date: date,
        /// First day after.
        end_date: date,
    }
    /// Who is in which section, as what.
    Enrollment / EnrollmentRow in "enrollments" {
        /// Who.
        user_source_id: text required => User,
        /// Where.
        section_source_id: text required => Section,
        /// The school.
        school_source_id: text => Org,
        /// As what.
        role: vocabulary (EnrollmentRole) required,
        /// Whether this teacher is the section's first.
        is_primary: boolean,
        /// First day.
        begin_date: date,
        /// First day after.
        end_date: date,
    }
    /// Learning resources.
    Resource / ResourceRow in "resources" {
        /// Title.
        title: text,
        /// Identifier at the vendor.
        vendor_resource_id: text required,
        /// Vendor.
        vendor_id: text,
        /// Application.
        application_id: text,
        /// Importance.
        importance: vocabulary (Importance),
        /// Roles it is for.
        roles: list,
    }
    /// Resources used in a section.
    SectionResource / SectionResourceRow in "section_resources" {
        /// The section.
        section_source_id: text required => Section,
        /// The resource.
        resource_source_id: text required => Resource,
        /// Title.
        title: text,
    }
    /// Resources used in a course.
    CourseResource / CourseResourceRow in "course_resources" {
        /// The course.
        course_source_id: text required => Course,
        /// The resource.
        resource_source_id: text required => Resource,
        /// Title.
        title: text,
    }
    /// Resources given to a user (OneRoster 1.2).
    UserResource / UserResourceRow in "user_resources" {
        /// Who.
        user_source_id: text required => User,
        /// The resource.
        resource_source_id: text required => Resource,
        /// The organization it is given in.
        org_source_id: text => Org,
        /// The section it is given in.
        section_source_id: text => Section,
    }
    /// Gradebook categories.
    Category / CategoryRow in "categories" {
        /// Title.
        title: text required,
        /// Weight (OneRoster 1.2).
        weight: decimal,
    }
    /// Gradebook columns: assignments and tests.
    LineItem / LineItemRow in "line_items" {
        /// The section.
        section_source_id: text required => Section,
        /// Title.
        title: text required,
        /// Description.
        description: text,
        /// Day it is given out.
        assign_date: date,
        /// Day it is due.
        due_date: date,
        /// The category.
        category_source_id: text => Category,
        /// The grading period or other session.
        academic_session_source_id: text => AcademicSession,
        /// The school (OneRoster 1.2).
        school_source_id: text => Org,
        /// Lowest possible score.
        result_value_min: decimal,
        /// Highest possible score.
        result_value_max: decimal,
    }
    /// Score scales (OneRoster 1.2).
    ScoreScale / ScoreScaleRow in "score_scales" {
        /// Title.
        title: text required,
        /// Type.
        scale_type: text,
        /// The organization.
        org_source_id: text => Org,
        /// The course.
        course_source_id: text => Course,
        /// The section.
        section_source_id: text => Section,
        /// What each grade stands for, as `{grade:value}`.
        score_scale_values: list,
    }
    /// Score scales of gradebook columns (OneRoster 1.2).
    LineItemScoreScale / LineItemScoreScaleRow in "line_item_score_scales" {
        /// The gradebook column.
        line_item_source_id: text required => LineItem,
        /// The scale.
        score_scale_source_id: text required => ScoreScale,
        /// Title.
        title: text,
    }
    /// Learning objectives of gradebook columns (OneRoster 1.2).
    LineItemLearningObjective / LineItemLearningObjectiveRow in "line_item_learning_objectives" {
        /// The gradebook column.
        line_item_source_id: text required => LineItem,
        /// Where the objective is published.
        source: vocabulary (LearningObjectiveSource),
        /// The objective.
        learning_objective_id: text required,
    }
    /// Results of students.
    Result / ResultRow in "results" {
        /// The gradebook column.
        line_item_source_id: text required => LineItem,
        /// The student.
        student_source_id: text required => User,
        /// State.
        score_status: vocabulary (ScoreStatus),
        /// Score.
        score: decimal,
        /// Day of the score.
        score_date: date,
        /// Comment.
        comment: text,
        /// Score in words (OneRoster 1.2).
        text_score: text,
        /// The section (OneRoster 1.2).
        section_source_id: text => Section,
        /// Being worked on.
        in_progress: boolean,
        /// Not complete.
        incomplete: boolean,
        /// Handed in late.
        late: boolean,
        /// Missing.
        missing: boolean,
    }
    /// Score scales of results (OneRoster 1.2).
    ResultScoreScale / ResultScoreScaleRow in "result_score_scales" {
        /// The result.
        result_source_id: text required => Result,
        /// The scale.
        score_scale_source_id: text required => ScoreScale,
        /// Title.
        title: text,
    }
    /// Learning objectives of results (OneRoster 1.2).
    ResultLearningObjective / ResultLearningObjectiveRow in "result_learning_objectives" {
        /// The result.
        result_source_id: text required => Result,
        /// Where the objective is published.
        source: vocabulary (LearningObjectiveSource),
        /// The objective.
        learning_objective_id: text required,
        /// Score.
        score: decimal,
        /// Score in words.
        text_score: text,
    }
}

impl EntityKind {
    /// Its table name, also its name in reports.
    #[must_use]
    pub fn table(self) -> &'static str {
        self.schema().table
    }

    /// The entity with this table name.
    #[must_use]
    pub fn from_table(table: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|it| it.table() == table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rows;

    fn sample(field: &FieldSchema) -> &'static str {
        match field.field_type {
            FieldType::Text => "é \"x\"",
            FieldType::Boolean => "true",
            FieldType::Integer => "7",
            FieldType::Decimal => "1.5",
            FieldType::Date => "2026-08-27",
            FieldType::DateTime => "2026-08-27T00:00:00Z",
            FieldType::Vocabulary(_) => "ext:own",
            FieldType::TextList => r#"["09","K,1"]"#,
            FieldType::Identifiers => r#"[{"type":"state","identifier":"7"}]"#,
            FieldType::Extensions => r#"{"metadata.a":"b"}"#,
        }
    }

    #[test]
    fn every_entity_survives_batch_typed_row_owned_struct_and_json() {
        for kind in EntityKind::ALL {
            for filled in [true, false] {
                let mut rows = Rows::new(*kind);
                let mut row = rows.begin();
                for field in kind.schema().fields {
                    row.push((filled || field.name == "source_id").then(|| sample(field)));
                }
                row.finish(3);
                let row = rows.get(0).unwrap();
                let (_, back) = through_owned(row);
                let back = back.get(0).unwrap();
                assert_eq!(
                    row.fields().collect::<Vec<_>>(),
                    back.fields().collect::<Vec<_>>(),
                    "{}",
                    kind.table()
                );
            }
        }
    }

    #[test]
    fn references_point_up_the_load_order_or_to_their_own_kind() {
        for kind in EntityKind::ALL {
            for field in kind.schema().fields {
                assert!(
                    field.reference.is_none_or(|it| it.entity <= *kind),
                    "{}.{}",
                    kind.table(),
                    field.name
                );
                let many = field.reference.is_some_and(|it| it.many);
                assert_eq!(
                    many,
                    field.field_type == FieldType::TextList && field.reference.is_some()
                );
            }
            assert_eq!(EntityKind::from_table(kind.table()), Some(*kind));
        }
    }
}
