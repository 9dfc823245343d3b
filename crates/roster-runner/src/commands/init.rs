//! `homeroom init`: a commented configuration file.

use super::{App, select::CONFIG_FILE};
use crate::exit::{Exit, Failure};
use serde::Serialize;
use std::{
    fs::OpenOptions,
    io::{self, Write as _},
    path::Path,
};

/// What is written.
pub(crate) const TEMPLATE: &str = include_str!("init/homeroom.toml");

/// One line of `homeroom init --json`.
#[derive(Debug, Serialize)]
struct Written<'f> {
    wrote: &'f Path,
}

pub(super) fn run(app: &mut App) -> Result<Exit, Failure> {
    let file = app.global.config.clone().unwrap_or_else(|| CONFIG_FILE.into());
    write(&file).map_err(|err| Failure::Usage(refusal(&file, &err)))?;
    app.console.result(&Written { wrote: &file }, |_, _| {
        let file = file.display();
        format!("wrote {file}; edit it, then try it with: homeroom check --config {file}\n")
    });
    Ok(Exit::Done)
}

fn write(file: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(file)?;
    file.write_all(TEMPLATE.as_bytes())
}

fn refusal(file: &Path, error: &io::Error) -> String {
    let file = file.display();
    match error.kind() {
        io::ErrorKind::AlreadyExists => {
            format!("{file} is there already; it is left as it is; name another with --config")
        }
        _ => format!("{file} cannot be written: {error}"),
    }
}

#[cfg(test)]
#[cfg(all(feature = "connector-oneroster", feature = "sink-sqlite"))]
mod tests {
    use super::*;
    use crate::settings::Settings;

    #[test]
    fn template_passes_the_strict_check_and_so_does_what_it_comments_out() {
        let uncommented: Vec<_> =
            TEMPLATE.lines().map(|it| it.strip_prefix("#: ").unwrap_or(it)).collect();
        assert_ne!(uncommented.join("\n"), TEMPLATE);
        for text in [TEMPLATE, &uncommented.join("\n")] {
            let settings = Settings::parse(CONFIG_FILE, text, Path::new(""));
            let settings = settings.unwrap_or_else(|err| panic!("{err}"));
            assert_eq!(settings.districts.len(), 1);
        }
    }
}
