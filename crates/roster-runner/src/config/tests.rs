//! Configuration files and everything that is wrong with them.

use crate::settings::Settings;
use std::path::Path;

/// `expected` is one problem a line, without the file's name.
#[track_caller]
fn check(text: &str, expected: &str) {
    let problems = match Settings::parse("homeroom.toml", text, Path::new("/etc/homeroom")) {
        Ok(_) => String::new(),
        Err(errors) => errors.to_string().replace("homeroom.toml:", ""),
    };
    assert_eq!(problems, expected.trim(), "\n{problems}");
}

#[test]
fn empty_file_is_a_configuration() {
    check("", "");
    check("[night]\ndistricts_at_once = 4\n", "");
}

#[test]
fn unknown_keys_are_refused_with_the_nearest_known_one() {
    check(
        "[nigth]\ndistricts_at_once = 4\n[night]\ndistrict_at_once = 4\n\n[store]\nhost = 'x'\n",
        "
1: unknown key nigth at the top of the file; did you mean night?
4: unknown key district_at_once in [night]; did you mean districts_at_once?
7: unknown key host in [store]; known are to",
    );
    check(
        "[[district]]\nid = 'a'\nsource = { connector = 'clever' }\nto = 'parquet:x'\n\
         [district.sharing]\nexcluded_entities = ['demographic']\nschool = []\n",
        "
3: connector \"clever\" comes in a later version; built in: oneroster
4: sink \"parquet\" comes in a later version; built in: sqlite
6: no table is called \"demographic\"; the nearest is \"demographics\"
7: unknown key school in [district.sharing]; did you mean schools?",
    );
}

#[test]
fn types_and_ranges_are_told_in_words() {
    check(
        "[night]\ndistricts_at_once = 0\nexamples = 'many'\nwork_folder = 3\n\n[store]\nto = true\n",
        "
2: districts_at_once must be at least 1
3: examples must be a whole number, not text
4: work_folder must be text, not a whole number
7: to must be text, not true or false",
    );
    check("district = 3\n", "1: district must be a list, not a whole number");
}

#[test]
fn mistakes_in_the_toml_itself_have_lines() {
    check(
        "[night]\nexamples = 3\nexamples = 4\n[store\n",
        "
3: duplicate key
4: unclosed table, expected `]`",
    );
}

#[test]
fn missing_file_says_what_writes_one() {
    let errors = Settings::load(Path::new("/nowhere/homeroom.toml")).unwrap_err();
    assert_eq!(
        errors.to_string(),
        "/nowhere/homeroom.toml:1: there is no such file; `homeroom init` writes one, and --config names another"
    );
}

#[test]
fn districts_are_checked_all_at_once() {
    check(
        "[store]\nto = 'sqlite:roster.db'\n\n\
         [[district]]\nid = 'a'\nsource = { connector = 'oneroster', path = 'a.zip' }\n\n\
         [[district]]\nid = 'a'\nname = 7\n\n\
         [[district]]\nid = 'b c'\n[district.source]\nconector = 'oneroster'\npath = 'b.zip'\n\n\
         [[district]]\nid = 'a'\nsource = { connector = 'oneroster', pth = 'a.zip' }\n",
        "
8: source is missing in [district]
9: district \"a\" is there twice, first in line 5
10: name must be text, not a whole number
13: a district id is 1 to 64 letters, digits, dots, dashes or underscores, and starts with none of . and -
14: connector is missing in [district.source]
19: district \"a\" is there twice, first in line 5
20: unknown key pth in [district.source]; did you mean path?
20: neither path nor landing is given; give one of them",
    );
}

#[test]
fn district_without_any_sink_is_refused() {
    check(
        "[[district]]\nid = 'a'\nsource = { connector = 'oneroster', path = 'a.zip' }\n",
        "1: the district has no sink: set to in [store], or in the district",
    );
}

#[test]
fn relative_paths_start_at_the_folder_of_the_file() {
    let text = "[store]\nto = 'sqlite:roster.db'\n[night]\nwork_folder = 'work'\n\
                [[district]]\nid = 'a'\nsource = { connector = 'oneroster', path = 'a.zip' }\n";
    let settings = Settings::parse("homeroom.toml", text, Path::new("/etc/homeroom")).unwrap();
    assert_eq!(settings.districts[0].to.to_string(), "sqlite:/etc/homeroom/roster.db");
    assert_eq!(settings.night.work_folder.as_deref(), Some(Path::new("/etc/homeroom/work")));
    assert_eq!(settings.sinks().len(), 1);
}

#[test]
fn every_key_is_described_and_refuses_unknown_ones_beside_it() {
    fn walk(schema: &serde_json::Value, path: &str) {
        let alternatives = ["oneOf", "anyOf"].iter().filter_map(|it| schema[it].as_array());
        for inside in alternatives.flatten() {
            walk(inside, path);
        }
        if schema["items"].is_object() {
            walk(&schema["items"], path);
        }
        let Some(properties) = schema["properties"].as_object() else { return };
        assert_eq!(schema["additionalProperties"], false, "{path}");
        for (key, inside) in properties {
            let path = format!("{path}.{key}");
            assert!(inside["description"].is_string(), "{path} has no description");
            walk(inside, &path);
        }
    }
    let schema = super::config_schema();
    walk(&schema, "");
    assert!(!schema.to_string().contains("$ref"), "references make the file hard to read");
}
