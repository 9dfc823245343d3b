//! `docs/cli.md`: the help of the program, command by command.

use crate::{Result, heading};
use std::{env, fmt::Write as _, process::Command};

const INTRODUCTION: &str = "What `homeroom` says to `--help`, command by command.";

/// The variable that names the program.
const PROGRAM: &str = "HOMEROOM_BIN";

pub(crate) fn document() -> Result<String> {
    let mut text = heading("The command line", INTRODUCTION);
    let help = help(&[])?;
    write!(text, "\n```text\n{help}\n```\n")?;
    for command in commands(&help) {
        let help = self::help(&[command])?;
        write!(text, "\n## `homeroom {command}`\n\n```text\n{help}\n```\n")?;
        for part in commands(&help) {
            let help = self::help(&[command, part])?;
            write!(text, "\n### `homeroom {command} {part}`\n\n```text\n{help}\n```\n")?;
        }
    }
    Ok(text)
}

fn help(command: &[&str]) -> Result<String> {
    let program = env::var_os(PROGRAM).ok_or(format!("{PROGRAM} does not name the program"))?;
    let output =
        Command::new(program).args(command).arg("--help").env("COLUMNS", "100").output()?;
    if !output.status.success() {
        return Err(format!("`homeroom {} --help` failed", command.join(" ")).into());
    }
    let text = String::from_utf8(output.stdout)?;
    let lines: Vec<&str> = text.trim_end().lines().map(str::trim_end).collect();
    Ok(lines.join("\n"))
}

/// The commands that a help text lists.
fn commands(help: &str) -> Vec<&str> {
    let listed = help.lines().skip_while(|it| *it != "Commands:").skip(1);
    listed
        .take_while(|it| !it.is_empty())
        // Long descriptions go on further to the right.
        .filter_map(|it| it.strip_prefix("  ").filter(|it| !it.starts_with(' ')))
        .filter_map(|it| it.split_whitespace().next())
        .filter(|it| *it != "help" && it.starts_with(|first: char| first.is_ascii_lowercase()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read_from_the_help() {
        let help = "Usage: homeroom\n\nCommands:\n  sync   Do it\n         and more\n  help   Print\n\nOptions:\n  -h  Help\n";
        assert_eq!(commands(help), ["sync"]);
    }
}
