//! `homeroom spec`: the file specification as a document, as files to start from, against a district's files.

mod validate;

use super::App;
use crate::{
    cli::{RenderArgs, SpecCommand, SpecFormat, TemplateArgs},
    exit::{Exit, Failure},
};
use connector_sftp_spec::{document, schema, template};
use serde::Serialize;
use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    path::Path,
};

/// One line of `homeroom spec render --json` and of `homeroom spec template --json`.
#[derive(Debug, Serialize)]
struct Written<'f> {
    wrote: &'f Path,
}

pub(super) async fn run(app: &mut App, command: &SpecCommand) -> Result<Exit, Failure> {
    match command {
        SpecCommand::Render(args) => render(app, args),
        SpecCommand::Template(args) => write_templates(app, args),
        SpecCommand::Validate(args) => validate::run(app, args).await,
    }
}

fn render(app: &mut App, args: &RenderArgs) -> Result<Exit, Failure> {
    let text = match args.format {
        SpecFormat::Markdown => document::markdown(),
        SpecFormat::Html => document::html(),
        SpecFormat::JsonSchema => schema::json_schema(),
    };
    let Some(file) = &args.to else {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes()).and_then(|()| out.flush())?;
        return Ok(Exit::Done);
    };
    write(file, &text).map_err(|err| refusal(file, &err))?;
    app.console
        .answer(&Written { wrote: file }, |it, _| format!("wrote {}\n", it.wrote.display()))?;
    Ok(Exit::Done)
}

fn write_templates(app: &mut App, args: &TemplateArgs) -> Result<Exit, Failure> {
    let folder = &args.to;
    write_all(folder).map_err(|err| refusal(folder, &err))?;
    app.console.answer(&Written { wrote: folder }, |it, _| {
        let folder = it.wrote.display();
        format!(
            "wrote {folder}/empty, files with nothing but their headers\nwrote {folder}/example, a made-up district; \
             try: homeroom spec validate {folder}/example\n"
        )
    })?;
    Ok(Exit::Done)
}

fn write_all(folder: &Path) -> io::Result<()> {
    fs::create_dir(folder)?;
    let (empty, example) = (folder.join("empty"), folder.join("example"));
    fs::create_dir(&empty)?;
    fs::create_dir(&example)?;
    for (name, content) in template::empty() {
        write(&empty.join(name), &content)?;
    }
    for (name, content) in template::EXAMPLE {
        write(&example.join(name), content)?;
    }
    write(&example.join("manifest.csv"), &template::manifest())
}

fn write(file: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(file)?;
    file.write_all(text.as_bytes())
}

fn refusal(path: &Path, error: &io::Error) -> Failure {
    let path = path.display();
    Failure::Usage(match error.kind() {
        io::ErrorKind::AlreadyExists => {
            format!("{path} is there already; it is left as it is; name another with --to")
        }
        _ => format!("{path} cannot be written: {error}"),
    })
}
