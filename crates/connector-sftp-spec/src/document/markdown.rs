//! The document as Markdown.

use super::{Block, blocks};
use std::fmt::Write as _;

/// The document as Markdown.
#[must_use]
pub fn markdown() -> String {
    let mut text = String::new();
    for (index, block) in blocks().iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        push(block, &mut text);
    }
    text
}

fn push(block: &Block, out: &mut String) {
    match block {
        Block::Heading(level, text) => {
            _ = writeln!(out, "{} {text}", "#".repeat(usize::from(*level)));
        }
        Block::Paragraph(text) => _ = writeln!(out, "{text}"),
        Block::List(items) => {
            for item in items {
                _ = writeln!(out, "- {item}");
            }
        }
        Block::Lines(lines) => _ = writeln!(out, "```text\n{lines}\n```"),
        Block::Table(heads, rows) => {
            _ = writeln!(out, "| {} |\n|{}", heads.join(" | "), "---|".repeat(heads.len()));
            for row in rows {
                let cells: Vec<_> = row.iter().map(|it| it.replace('|', "\\|")).collect();
                _ = writeln!(out, "| {} |", cells.join(" | "));
            }
        }
    }
}
