//! A vault from outside: what is at rest, who is noted, and how keys are changed.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use roster_core::{ErrorKind, Secret};
use roster_vault::{Action, KeyPlace, Vault, new_key};
use std::{fs, path::Path};

fn key_file(folder: &Path, keys: &[&Secret<String>]) -> KeyPlace {
    let file = folder.join("vault.key");
    let keys: Vec<&str> = keys.iter().map(|it| it.expose().as_str()).collect();
    fs::write(&file, format!("# a comment\n{}\n", keys.join("\n"))).unwrap();
    KeyPlace { file: Some(file), ..KeyPlace::default() }
}

fn canary() -> Secret<String> {
    Secret::new("CANARY-password".to_owned())
}

#[test]
fn credential_comes_back_and_nothing_at_rest_tells_it() {
    let folder = tempfile::tempdir().unwrap();
    let vault = Vault::new(folder.path().join("vault"), key_file(folder.path(), &[&new_key().0]));
    vault.put("lakeside.odbc", &canary(), "Ann").unwrap();
    assert_eq!(vault.get("lakeside.odbc", "homeroom").unwrap(), canary());
    assert_eq!(vault.names().unwrap(), ["lakeside.odbc"]);
    for entry in fs::read_dir(folder.path().join("vault")).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains("CANARY"));
    }
    assert!(!format!("{vault:?}").contains("AGE-SECRET"));
    let audit: Vec<_> = vault.audit(9).unwrap().into_iter().map(|it| (it.action, it.by)).collect();
    assert_eq!(audit, [(Action::Use, "homeroom".to_owned()), (Action::Put, "Ann".to_owned())]);
    assert!(vault.remove("lakeside.odbc", "Ann").unwrap());
    assert!(!vault.remove("lakeside.odbc", "Ann").unwrap());
    let error = vault.get("lakeside.odbc", "homeroom").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConfigInvalid);
}

#[test]
fn key_is_changed_without_losing_a_credential_and_the_old_one_opens_nothing_then() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (new_key().0, new_key().0);
    let vault = |keys: &[&Secret<String>]| {
        Vault::new(folder.path().join("vault"), key_file(folder.path(), keys))
    };
    for name in ["a", "b"] {
        vault(&[&old]).put(name, &canary(), "Ann").unwrap();
    }
    assert!(vault(&[&new]).get("a", "homeroom").is_err());
    assert_eq!(vault(&[&new, &old]).rotate("Ann").unwrap(), 2);
    assert_eq!(vault(&[&new, &old]).rotate("Ann").unwrap(), 2, "it may be repeated");
    let error = vault(&[&old]).get("a", "homeroom").unwrap_err();
    assert!(error.to_string().contains("does not open"), "{error}");
    assert_eq!(vault(&[&new]).get("b", "homeroom").unwrap(), canary());
}

#[test]
fn credential_that_cannot_be_noted_is_not_given_out() {
    let folder = tempfile::tempdir().unwrap();
    let vault = Vault::new(folder.path().join("vault"), key_file(folder.path(), &[&new_key().0]));
    vault.put("a", &canary(), "Ann").unwrap();
    let audit = folder.path().join("vault/audit.jsonl");
    fs::remove_file(&audit).unwrap();
    fs::create_dir(&audit).unwrap();
    let error = vault.get("a", "homeroom").unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Unavailable, "vault.audit"));
}

#[test]
fn names_do_not_leave_the_folder_and_damaged_files_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let vault = Vault::new(folder.path().join("vault"), key_file(folder.path(), &[&new_key().0]));
    for name in ["", "..", "../a", "a/b", ".hidden", "a b", &"a".repeat(101)] {
        assert!(vault.put(name, &canary(), "Ann").is_err(), "{name}");
        assert!(vault.get(name, "Ann").is_err(), "{name}");
    }
    vault.put("a", &canary(), "Ann").unwrap();
    let file = folder.path().join("vault/a.age");
    let sealed = fs::read(&file).unwrap();
    fs::write(&file, &sealed[..sealed.len() - 1]).unwrap();
    let error = vault.get("a", "homeroom").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Damaged, "{error}");
    assert!(!format!("{error:?}").contains("CANARY"));
}

#[cfg(unix)]
#[test]
fn key_may_come_from_a_command() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let key = key_file(folder.path(), &[&new_key().0]).file.unwrap();
    let command = |words: &[&str]| KeyPlace {
        command: Some(words.iter().map(|it| (*it).to_owned()).collect()),
        ..KeyPlace::default()
    };
    let place = |it| Vault::new(folder.path().join("vault"), it);
    let vault = place(command(&["cat", key.to_str().unwrap()]));
    vault.put("a", &canary(), "Ann").unwrap();
    assert_eq!(vault.get("a", "homeroom").unwrap(), canary());
    let mode =
        |it: &str| fs::metadata(folder.path().join(it)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("vault"), mode("vault/a.age")), (0o700, 0o600));
    for words in [&["false"][..], &["echo", "CANARY"], &["/nowhere/program"]] {
        let error = place(command(words)).get("a", "homeroom").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConfigInvalid);
        assert!(!format!("{error:?}").contains("\"CANARY\""), "{error:?}");
    }
    assert!(command(&[]).problem().is_some() && command(&["cat"]).problem().is_none());
    assert!(KeyPlace::default().problem().is_some());
}
