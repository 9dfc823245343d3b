//! What is found wrong with a configuration before it is used.

use super::*;

const QUERY: &str = "\n[[profile.query]]\nentity='orgs'\nsql='SELECT id AS source_id FROM t'";

fn check(text: &str, expected: &[&str]) {
    let text = format!("{text}\n[profile]\ntype='custom'{QUERY}");
    let config: Config = toml::from_str(&text).unwrap();
    let keys: Vec<_> = config.problems().into_iter().map(|it| it.key).collect();
    assert_eq!(keys, expected, "{text}");
}

#[test]
fn all_that_is_missing_or_too_much_is_told_at_once() {
    check("database='sqlite'\npath='a.db'", &[]);
    check("database='sqlite'", &["path"]);
    check("database='sqlite'\npath='a.db'\nhost='h'", &["host"]);
    let server = "host='h'\ndatabase_name='d'\nuser='u'";
    for database in ["oracle", "sql-server", "postgresql", "mariadb"] {
        check(&format!("database='{database}'\n{server}"), &[]);
        check(&format!("database='{database}'"), &["host", "database_name", "user"]);
        check(&format!("database='{database}'\npath='a.db'\n{server}"), &["path"]);
    }
    check(&format!("database='oracle'\n{server}\nschema='PS'"), &[]);
    check(&format!("database='oracle'\n{server}\nschema='PS; DROP'"), &["schema"]);
    let tunnel = "tunnel={host='s',username='u',password={env='P'},known_hosts='k'}";
    check(&format!("database='oracle'\n{server}\ntls={{mode='require'}}\n{tunnel}"), &[]);
    check(&format!("database='oracle'\n{server}\n{tunnel}"), &["tls.mode"]);
    check(&format!("database='sqlite'\npath='a.db'\n{tunnel}"), &["tunnel"]);
    check(
        &format!(
            "database='oracle'\n{server}\ntls={{mode='off'}}\ntunnel={{host='s',username='u'}}"
        ),
        &["tunnel", "tunnel"],
    );
    check(
        &format!("database='oracle'\n{server}\naccept_writable_account={{reason=' '}}"),
        &["accept_writable_account.reason"],
    );
    check(&format!("database='oracle'\n{server}\ndriver_options={{Pwd='x'}}"), &["driver_options"]);
}

#[test]
fn queries_that_write_are_refused_beforehand() {
    let check = |query: &str, expected: &str| {
        let text = format!(
            "database='sqlite'\npath='a.db'\n[profile]\ntype='custom'\n[[profile.query]]\n{query}"
        );
        let config: Config = toml::from_str(&text).unwrap();
        let found = config.problems();
        assert_eq!(found.first().map_or("", |it| it.key), "profile.query");
        assert!(found[0].message.contains(expected), "{found:?}");
    };
    check("entity='orgs'\nsql='DELETE FROM t'", "query orgs");
    check("entity='org'\nsql='SELECT 1'", "no table \"org\"");
    let twice = "entity='orgs'\nsql='SELECT 1'\n[[profile.query]]\nentity='orgs'\nsql='SELECT 2'";
    check(twice, "two queries are called orgs");
}

#[test]
fn unknown_keys_are_refused() {
    for text in [
        "pth='a'",
        "password='canary'",
        "tls={mod='verify'}",
        "fetch={rows=1}",
        "time_limits={login=1}",
    ] {
        let text =
            format!("database='sqlite'\npath='a.db'\n{text}\n[profile]\ntype='custom'{QUERY}");
        assert!(toml::from_str::<Config>(&text).is_err(), "{text}");
    }
}
