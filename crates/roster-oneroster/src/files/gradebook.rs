//! The files of the gradebook part.

use super::{
    Column, FileSpec, Group,
    vocabularies::{LEARNING_OBJECTIVE_SOURCE, SCORE_STATUS},
};
use crate::version::Versions;
use roster_core::EntityKind;

/// Categories of line items.
pub(super) const CATEGORIES: FileSpec = FileSpec {
    name: "categories.csv",
    property: "file.categories",
    aliases: &[],
    group: Group::Gradebook,
    entity: EntityKind::Category,
    versions: Versions::FROM_1_1,
    columns: &[
        Column::key(),
        Column::status(),
        Column::date_last_modified(),
        Column::text("title", &["title"]).required(),
        Column::float("weight", &["weight"]).of(Versions::FROM_1_2),
    ],
};

/// Line items: assignments and tests.
pub(super) const LINE_ITEMS: FileSpec = FileSpec {
    name: "lineItems.csv",
    property: "file.lineItems",
    aliases: &[],
    group: Group::Gradebook,
    entity: EntityKind::LineItem,
    versions: Versions::FROM_1_1,
    columns: &[
        Column::key(),
        Column::status(),
        Column::date_last_modified(),
        Column::text("title", &["title"]).required(),
        Column::text("description", &["description"]),
        Column::date("assignDate", &["assign_date"]).required(),
        Column::date("dueDate", &["due_date"]).required(),
        Column::reference("classSourcedId", "classes.csv", &["section_source_id"]).required(),
        Column::reference("categorySourcedId", "categories.csv", &["category_source_id"])
            .required(),
        Column::reference(
            "academicSessionSourcedId",
            "academicSessions.csv",
            &["academic_session_source_id"],
        )
        .formerly(Versions::UP_TO_1_1, &["gradingPeriodSourcedId"])
        .required(),
        Column::float("resultValueMin", &["result_value_min"]).required_in(Versions::ONLY_1_1),
        Column::float("resultValueMax", &["result_value_max"]).required_in(Versions::ONLY_1_1),
        Column::reference("schoolSourcedId", "orgs.csv", &["school_source_id"])
            .of(Versions::FROM_1_2)
            .required(),
    ],
};

/// Score scales.
pub(super) const SCORE_SCALES: FileSpec = FileSpec {
    name: "scoreScales.csv",
    property: "file.scoreScales",
    aliases: &[],
    group: Group::Gradebook,
    entity: EntityKind::ScoreScale,
    versions: Versions::FROM_1_2,
    columns: &[
        Column::key(),
        Column::status(),
        Column::date_last_modified(),
        Column::text("title", &["title"]).required(),
        Column::text("type", &["scale_type"]).required(),
        Column::reference("orgSourcedId", "orgs.csv", &["org_source_id"]).required(),
        Column::reference("courseSourcedId", "courses.csv", &["course_source_id"]).required(),
        Column::reference("classSourcedId", "classes.csv", &["section_source_id"]).required(),
        Column::list("scoreScaleValue", &["score_scale_values"]).required(),
    ],
};

/// Score scales of line items.
pub(super) const LINE_ITEM_SCORE_SCALES: FileSpec = FileSpec {
    name: "lineItemScoreScales.csv",
    property: "file.lineItemScoreScales",
    aliases: &[],
    group: Group::Gradebook,
    entity: EntityKind::LineItemScoreScale,
    versions: Versions::FROM_1_2,
    columns: &[
        Column::key(),
        Column::status(),
        Column::date_last_modified(),
        Column::text("title", &["title"]),
        Column::reference("lineItemSourcedId", "lineItems.csv", &["line_item_source_id"])
            .required(),
        Column::reference("scoreScaleSourcedId", "scoreScales.csv", &["score_scale_source_id"])
            .required(),
    ],
};

/// Learning objectives of line items.
pub(super) const LINE_ITEM_LEARNING_OBJECTIVE_IDS: FileSpec = FileSpec {
    name: "lineItemLearningObjectiveIds.csv",
    property: "file.lineItemLearningObjectiveIds",
    aliases: &[],
    group: Group::Gradebook,
    entity: EntityKind::LineItemLearningObjective,
    versions: Versions::FROM_1_2,
    columns: &[
        Column::key(),
        Column::status(),
        Column::date_last_modified(),
        Column::reference("lineItemSourcedId", "lineItems.csv", &["line_item_source_id"])
            .required(),
        Column::term("source", &LEARNING_OBJECTIVE_SOURCE, &["source"]).required(),
        Column::text("learningObjectiveId", &["learning_objective_id"]).required(),
    ],
};

/// Results.
pub(super) const RESULTS: FileSpec = FileSpec {
    name: "results.csv",
    property: "file.results",
    aliases: &[],
    group: Group::Gradebook,
    entity: EntityKind::Result,
    versions: Versions::FROM_1_1,
    columns: &[
        Column::key(),
        Column::status(),
        Column::date_last_modified(),
        Column::reference("lineItemSourcedId", "lineItems.csv", &["line_item_source_id"])
            .required(),
        Column::reference("studentSourcedId", "users.csv", &["student_source_id"]).required(),
        Column::term("scoreStatus", &SCORE_STATUS, &["score_status"]).required(),
        Column::float("score", &["score"]).required_in(Versions::ONLY_1_1),
        Column::date("scoreDate", &["score_date"]).required(),
        Column::text("comment", &["comment"]),
        Column::text("textScore", &["text_score"]).of(Versions::FROM_1_2),
        Column::reference("classSourcedId", "classes.csv", &["section_source_id"])
            .of(Versions::FROM_1_2),
        Column::boolean("inProgress", &["in_progress"]).of(Versions::FROM_1_2),
        Column::boolean("incomplete", &["incomplete"]).of(Versions::FROM_1_2),
        Column::boolean("late", &["late"]).of(Versions::FROM_1_2),
        Column::boolean("missing", &["missing"]).of(Versions::FROM_1_2),
    ],
};

/// Score scales of results.
pub(super) const RESULT_SCORE_SCALES: FileSpec = FileSpec {
    name: "resultScoreScales.csv",
    property: "file.resultScoreScales",
    aliases: &[],
    group: Group::Gradebook,
    entity: EntityKind::ResultScoreScale,
    versions: Versions::FROM_1_2,
    columns: &[
        Column::key(),
        Column::status(),
        Column::date_last_modified(),
        Column::text("title", &["title"]),
        Column::reference("resultSourcedId", "results.csv", &["result_source_id"]).required(),
        Column::reference("scoreScaleSourcedId", "scoreScales.csv", &["score_scale_source_id"])
            .required(),
    ],
};

/// Learning objectives of results.
pub(super) const RESULT_LEARNING_OBJECTIVE_IDS: FileSpec = FileSpec {
    name: "resultLearningObjectiveIds.csv",
    property: "file.resultLearningObjectiveIds",
    aliases: &[],
    group: Group::Gradebook,
    entity: EntityKind::ResultLearningObjective,
    versions: Versions::FROM_1_2,
    columns: &[
        Column::key(),
        Column::status(),
        Column::date_last_modified(),
        Column::reference("resultSourcedId", "results.csv", &["result_source_id"]).required(),
        Column::term("source", &LEARNING_OBJECTIVE_SOURCE, &["source"]).required(),
        Column::text("learningObjectiveId", &["learning_objective_id"]).required(),
        Column::float("score", &["score"]),
        Column::text("textScore", &["text_score"]),
    ],
};
