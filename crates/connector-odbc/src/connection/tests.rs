//! What each driver is told.

use super::*;
use std::path::PathBuf;

fn config(text: &str) -> Config {
    let server = "host='h'\ndatabase_name='d'\nuser='u'";
    let profile = "[profile]\ntype='custom'\nquery=[]";
    toml::from_str(&format!("{server}\n{text}\n{profile}")).unwrap()
}

fn check(text: &str, file: &str, expected: &[&str]) {
    let config = config(text);
    let driver = Driver { name: "x".into(), path: PathBuf::from("/lib").join(file) };
    let password = Secret::new("a;b}".to_owned());
    let found = string(&config, &Endpoint::of(&config), &driver, Some(&password));
    let found = match &found {
        Ok(found) => found.expose().clone(),
        Err(error) => error.to_string(),
    };
    for part in expected {
        assert!(found.contains(part), "{part} is not in {found}");
    }
}

#[test]
fn each_driver_is_asked_in_its_own_words() {
    check(
        "database='postgresql'",
        "psqlodbcw.so",
        &[
            "Driver=/lib/psqlodbcw.so;",
            "UseDeclareFetch=1;Fetch=2000;",
            "SSLmode=verify-full;",
            "PWD={a;b}}};",
        ],
    );
    check(
        "database='postgresql'\ntls={certificate_authorities='/ca.pem'}",
        "psqlodbcw.so",
        &["pqopt={connect_timeout=30 application_name=homeroom sslrootcert='/ca.pem'};"],
    );
    check("database='mariadb'", "libmaodbc.so", &["CHARSET=utf8mb4;", "FORCETLS=1;SSLVERIFY=1;"]);
    check(
        "database='sql-server'",
        "libmsodbcsql-18.so",
        &[
            "Server=tcp:h,1433;",
            "Encrypt=yes;TrustServerCertificate=no;ApplicationIntent=ReadOnly;",
        ],
    );
    check(
        "database='sql-server'\ntls={mode='require'}",
        "libtdsodbc.so",
        &["Server=h;Port=1433;", "ClientCharset=UTF-8;", "Encryption=require;"],
    );
    check("database='sql-server'", "libtdsodbc.so", &["FreeTDS does not check"]);
    check(
        "database='sqlite'\npath='/a b/c#d.db'",
        "libsqlite3odbc.so",
        &["file:/a b/c%23d.db?mode=ro", "StepAPI=1;"],
    );
    check("database='mariadb'\ndriver_options={X='y;z'}", "libmaodbc.so", &["X={y;z};"]);
}
