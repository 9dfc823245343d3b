//! Configuration files and everything that is wrong with them.

use crate::settings::Settings;
use serde_json::{Value, json};
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
        "[[district]]\nid = 'a'\nsource = { connector = 'clevr' }\nto = 'sqllite:x'\n\
         [district.sharing]\nexcluded_entities = ['demographic']\nschool = []\n",
        "
3: connector \"clevr\" is not known; did you mean \"clever\"?
4: sink \"sqllite\" is not known; did you mean \"sqlite\"?
6: no table is called \"demographic\"; did you mean \"demographics\"?
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
fn a_secret_is_told_by_where_it_is() {
    let file = |password: &str| {
        format!(
            "[[district]]\nid = 'a'\nto = 'sqlite:x'\nsource = {{ connector = 'odbc', database = 'sqlite', \
             path = 'a.db', profile = {{ type = 'powerschool' }}, password = {password} }}\n"
        )
    };
    Settings::parse("homeroom.toml", &file("{ env = 'A' }"), Path::new("/etc")).unwrap();
    Settings::parse("homeroom.toml", &file("{ file = 'a' }"), Path::new("/etc")).unwrap();
    check(&file("{}"), "4: none of env, file and vault is given; give one of them");
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
    assert_eq!(settings.databases().len(), 1);
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
            // The key that tells one sort of table from others is described by what the table is.
            let tells = properties.len() == 1 || inside.get("const").is_some();
            let described = tells && schema["description"].is_string();
            assert!(described || inside["description"].is_string(), "{path} has no description");
            walk(inside, &path);
        }
    }
    let schema = super::config_schema();
    walk(&schema, "");
    assert!(!schema.to_string().contains("$ref"), "references make the file hard to read");
}

/// In no message of these tests: what a value of the wrong type is made of.
const CANARY: &str = "90417";

/// Every value that has one thing of a wrong type in it, at any depth.
fn wrong(schema: &Value) -> Vec<Value> {
    let text = format!("CANARY-{CANARY}");
    let all = [
        ("string", json!(text)),
        ("integer", json!(90417)),
        ("number", json!(90417.5)),
        ("array", json!([text, 90417])),
        ("object", json!({ "x": text })),
    ];
    // The terms of an enumeration stand one by one where each is described; an unknown one may be told.
    let terms =
        schema["oneOf"].as_array().is_some_and(|it| it.iter().all(|it| it.get("const").is_some()));
    let fits = |name: &str| {
        let expected = if terms { "string" } else { schema["type"].as_str().unwrap_or_default() };
        expected == name || (expected == "number" && name == "integer")
    };
    let mut values: Vec<_> = all.into_iter().filter(|it| !fits(it.0)).map(|it| it.1).collect();
    if schema["items"].is_object() {
        values.extend(wrong(&schema["items"]).into_iter().map(|it| json!([it])));
    }
    for variant in schema["oneOf"].as_array().into_iter().flatten() {
        let constants = properties(variant).filter(|it| it.1.get("const").is_some());
        let constants: Vec<_> = constants.map(|(key, it)| (key, it["const"].clone())).collect();
        for mut value in inside(variant) {
            for (key, constant) in &constants {
                value[*key] = constant.clone();
            }
            values.push(value);
        }
    }
    values.extend(inside(schema));
    values
}

/// The same of a table's keys alone.
fn inside(schema: &Value) -> impl Iterator<Item = Value> {
    let keys = properties(schema).filter(|it| it.1.get("const").is_none());
    keys.flat_map(|(key, it)| wrong(it).into_iter().map(move |it| json!({ key: it })))
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema["properties"].as_object().into_iter().flatten()
}

/// A value as it stands in a file.
fn toml(value: &Value) -> String {
    let table = |it: (&String, &Value)| format!("{} = {}", it.0, toml(it.1));
    match value {
        Value::Object(keys) => {
            format!("{{ {} }}", keys.iter().map(table).collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => {
            format!("[{}]", items.iter().map(toml).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

#[test]
fn value_of_the_wrong_type_is_not_told_because_it_may_be_a_password() {
    let values: Vec<_> = inside(&super::config_schema()).collect();
    assert!(values.len() > 60, "{}", values.len());
    for value in values {
        let lines = value.as_object().into_iter().flatten();
        let lines: Vec<_> = lines.map(|(key, it)| format!("{key} = {}", toml(it))).collect();
        let text = lines.join("\n");
        let problems = Settings::parse("homeroom.toml", &text, Path::new("")).unwrap_err();
        assert!(!problems.to_string().contains(CANARY), "{text}\n{problems}");
    }
}

#[test]
fn connector_does_not_tell_the_value_of_a_key_either() {
    let schema = super::config_schema();
    let source = &schema["properties"]["district"]["items"]["properties"]["source"];
    let connectors = source["oneOf"].as_array().unwrap();
    assert_eq!(connectors.len(), crate::registry::CONNECTORS.len());
    for (schema, entry) in connectors.iter().zip(crate::registry::CONNECTORS) {
        let values: Vec<_> = inside(schema).collect();
        assert!(!values.is_empty(), "{entry:?}");
        for keys in values {
            let problems = entry.configure(keys.clone(), Path::new("")).unwrap_err();
            assert!(!format!("{problems:?}").contains(CANARY), "{keys} {problems:?}");
        }
    }
}

#[test]
fn mistake_in_the_toml_itself_does_not_quote_the_value() {
    for text in
        ["90417CANARY", "CANARY90417", "'CANARY90417", "\"90417\\q\"", "[90417", "2026-90417"]
    {
        let text = format!("[store]\nto = {text}\n");
        let problems = Settings::parse("homeroom.toml", &text, Path::new("")).unwrap_err();
        assert!(!problems.to_string().contains(CANARY), "{text}{problems}");
    }
}
