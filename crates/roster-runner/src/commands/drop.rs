//! `homeroom drop`: the logins of the SFTP drop.

use super::{App, select};
use crate::{
    cli::{DropAction, DropArgs},
    console::{Colour, Paint},
    exit::{Exit, Failure},
};
use roster_core::Secret;
use roster_drop::{DropConfig, HostKeys, Login, Logins};
use serde::Serialize;
use std::{fs, path::PathBuf};

/// A login as one line of JSON.
#[derive(Debug, Serialize)]
struct LoginLine<'l> {
    login: &'l str,
    folder: PathBuf,
    password: bool,
    keys: Vec<String>,
    legacy: bool,
    created_at: String,
}

/// A new password; the one place where it is shown.
#[derive(Debug, Serialize)]
struct PasswordLine<'l> {
    login: &'l str,
    folder: PathBuf,
    password: Option<&'l str>,
}

/// A host key.
#[derive(Debug, Serialize)]
struct KeyLine {
    algorithm: String,
    fingerprint: String,
}

pub(super) fn run(app: &mut App, args: &DropArgs) -> Result<Exit, Failure> {
    let config = select::drop_config(&app.global)?;
    let logins = Logins::of(&config);
    match &args.action {
        DropAction::Add { district, key, no_password, legacy } => {
            let keys = key.iter().map(read_key).collect::<Result<Vec<_>, _>>()?;
            let password = logins.add(district, &keys, !no_password, *legacy)?;
            tell_password(app, &config, district, password.as_ref())?;
        }
        DropAction::Password { district } => {
            let password = logins.renew_password(district)?;
            tell_password(app, &config, district, Some(&password))?;
        }
        DropAction::Remove { district } => {
            logins.remove(district)?;
            let folder = config.folder_of(district);
            app.console.remark(&format!(
                "{district} cannot log in any more; its files stay in {}",
                folder.display()
            ));
        }
        DropAction::List => {
            for (name, login) in logins.all()? {
                let line = login_line(&config, &name, &login);
                app.console.answer(&line, text_of_login)?;
            }
        }
        DropAction::Fingerprints => {
            for (algorithm, fingerprint) in HostKeys::open(&config)?.fingerprints() {
                let line = KeyLine { algorithm, fingerprint };
                app.console
                    .answer(&line, |it, _| format!("{} {}\n", it.fingerprint, it.algorithm))?;
            }
        }
    }
    Ok(Exit::Done)
}

fn read_key(file: &PathBuf) -> Result<String, Failure> {
    fs::read_to_string(file).map_err(|error| {
        Failure::Usage(format!("the public key {} cannot be read: {error}", file.display()))
    })
}

fn tell_password(
    app: &mut App,
    config: &DropConfig,
    login: &str,
    password: Option<&Secret<String>>,
) -> Result<(), Failure> {
    let password = password.map(|it| it.expose().as_str());
    let line = PasswordLine { login, folder: config.folder_of(login), password };
    app.console.answer(&line, |it, colour| {
        let folder = it.folder.display();
        let password = it.password.map_or_else(String::new, |it| {
            let shown = colour.paint(Paint::Bold, it);
            format!("password  {shown}\n          It is shown this once and kept nowhere; send it to the district by a safe way.\n")
        });
        format!("login     {login}\nfolder    {folder}\n{password}")
    })?;
    Ok(())
}

fn login_line<'l>(config: &DropConfig, name: &'l str, login: &Login) -> LoginLine<'l> {
    LoginLine {
        login: name,
        folder: config.folder_of(name),
        password: login.has_password(),
        keys: login.fingerprints(),
        legacy: login.legacy,
        created_at: login.created_at.to_string(),
    }
}

fn text_of_login(line: &LoginLine<'_>, _: Colour) -> String {
    let mut ways = Vec::new();
    if line.password {
        ways.push("password".to_owned());
    }
    ways.extend(line.keys.iter().cloned());
    if line.legacy {
        ways.push("older algorithms".to_owned());
    }
    format!("{}  {}\n", line.login, ways.join(", "))
}
