//! Ways to write the same set.

use super::{example, read, read_with};
use roster_core::EntityKind;

#[test]
fn semicolons_tabs_header_case_and_order_change_nothing() {
    let check = |edit: &dyn Fn(&str) -> String| {
        let mut set = example();
        let text =
            String::from_utf8(set.get("enrollments.csv").expect("there").to_vec()).expect("UTF-8");
        set.set("enrollments.csv", edit(&text));
        let extract = read(&set);
        assert_eq!(extract.codes(), []);
        let plain = read(&example());
        for field in ["source_id", "user_source_id", "begin_date", "end_date", "role"] {
            let rows = |it: &super::Extract| it.field(EntityKind::Enrollment, field);
            assert_eq!(rows(&extract), rows(&plain), "{field}");
        }
    };
    check(&|text| text.replace(',', ";"));
    check(&|text| text.replace(',', "\t"));
    check(&|text| {
        text.replacen("section_id", " Section ID", 1).replacen("student_id", "STUDENT-ID", 1)
    });
    check(&|text| text.replace("2026-08-17", "8/17/2026"));
    let reversed = |text: &str| -> String {
        let line = |it: &str| it.split(',').rev().collect::<Vec<_>>().join(",") + "\n";
        text.lines().map(line).collect()
    };
    check(&reversed);
}

#[test]
fn end_dates_are_kept_as_the_day_after_however_they_are_written() {
    let check = |config: &str, expected: &str| {
        let extract = read_with(&example(), config);
        let end = extract.value(EntityKind::Enrollment, "E1", "end_date");
        assert_eq!(end.as_deref(), Some(expected), "{config}");
    };
    check("", "2027-06-12");
    check("end_dates = 'day_after'", "2027-06-11");
}

#[test]
fn district_names_come_before_the_specifications() {
    let mut set = example();
    set.replace("students.csv", "student_id,", "Pupil,");
    set.replace("students.csv", ",state_id,", ",student_id,");
    let config = "[columns.students]\nstudent_id = ['Number', 'pupil']\n";
    let extract = read_with(&set, config);
    assert!(extract.error.is_none(), "{:?}", extract.error);
    assert!(extract.keys(EntityKind::User).contains(&"0001001".to_owned()));
}
