//! `homeroom vault`: puts credentials in and changes the key.

use super::{App, select};
use crate::{
    cli::{VaultAction, VaultArgs},
    exit::{Exit, Failure},
};
use roster_core::Secret;
use roster_sink::private_file;
use roster_vault::{Vault, new_key};
use serde::Serialize;
use std::{
    io::{self, Read as _, Write as _},
    path::Path,
    sync::Arc,
};

/// One line of `homeroom vault --json`.
#[derive(Debug, Serialize)]
struct Line<'l> {
    name: &'l str,
}

pub(super) fn run(app: &mut App, args: &VaultArgs) -> Result<Exit, Failure> {
    match &args.action {
        VaultAction::Key { file } => make_key(app, file)?,
        VaultAction::List => {
            for name in vault(app)?.names()? {
                app.console.answer(&Line { name: &name }, |it, _| format!("{}\n", it.name))?;
            }
        }
        VaultAction::Put { name, by } => {
            vault(app)?.put(name, &from_standard_input()?, by)?;
            app.console.remark(&format!("{name} is in the vault"));
        }
        VaultAction::Remove { name, by } => {
            if !vault(app)?.remove(name, by)? {
                return Err(Failure::Usage(format!("the vault has no credential {name:?}")));
            }
            app.console.remark(&format!("{name} is no longer in the vault"));
        }
        VaultAction::Rotate { by } => {
            let number = vault(app)?.rotate(by)?;
            app.console.remark(&format!(
                "{number} credentials are sealed with the first identity of the key"
            ));
        }
        VaultAction::Audit { most } => {
            for entry in vault(app)?.audit(*most)? {
                app.console.answer(&entry, |it, _| {
                    format!("{:.0}  {:?}  {}  {}\n", it.at, it.action, it.name, it.by)
                })?;
            }
        }
    }
    Ok(Exit::Done)
}

fn vault(app: &App) -> Result<Arc<Vault>, Failure> {
    let vault = select::settings(&app.global)?.vault;
    let message = "the configuration has no vault; set key in [vault]";
    vault.ok_or_else(|| Failure::Usage(message.to_owned()))
}

fn make_key(app: &mut App, file: &Path) -> Result<(), Failure> {
    if file.exists() {
        let message = format!("{} is there already; a key is never written over", file.display());
        return Err(Failure::Usage(message));
    }
    let (key, public) = new_key();
    let write = || -> io::Result<()> {
        let mut out = private_file(file)?;
        writeln!(out, "# public key: {public}\n{}", key.expose())
    };
    write()
        .map_err(|err| Failure::Usage(format!("{} cannot be written: {err}", file.display())))?;
    let text = format!(
        "wrote {}; without it no credential can be opened: keep a copy apart",
        file.display()
    );
    app.console.remark(&text);
    Ok(())
}

/// A credential, without the line break at its end.
fn from_standard_input() -> Result<Secret<String>, Failure> {
    const MOST: u64 = 64 * 1024;
    let mut text = String::new();
    let read = io::stdin().take(MOST).read_to_string(&mut text);
    let text = Secret::new(text);
    read.map_err(|_| Failure::Usage("standard input is not text".to_owned()))?;
    match text.expose().trim() {
        "" => Err(Failure::Usage("write the credential to standard input".to_owned())),
        text => Ok(Secret::new(text.to_owned())),
    }
}
