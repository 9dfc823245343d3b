//! Databases of student information systems, read-only over ODBC, as a roster source.

mod block;
mod database;
mod driver;
mod map;
mod profiles;
mod statement;

pub use database::Database;
pub use profiles::{
    CustomProfile, CustomQuery, EllPlace, IepPlace, InfiniteCampusProfile, InfiniteCampusPrograms,
    InfiniteCampusStudentEmail, LunchPlace, MealsPlace, PersonKey, PowerSchoolProfile,
    PowerSchoolPrograms, PowerSchoolStudentEmail, ProfileConfig, ProgramPlace, Section504Place,
    SectionFivePlace, Words,
};
