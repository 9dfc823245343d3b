//! The document as one page of HTML that needs nothing else: no script, nothing from elsewhere.

use super::{Block, blocks};
use std::fmt::Write as _;

const STYLE: &str = include_str!("style.css");

/// The document as a page of HTML.
#[must_use]
pub fn html() -> String {
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\">\n<title>Roster file specification</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n"
    );
    let blocks = blocks();
    for (index, block) in blocks.iter().enumerate() {
        push(block, &mut out);
        if index == 1 {
            contents(&blocks, &mut out);
        }
    }
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

fn contents(blocks: &[Block], out: &mut String) {
    out.push_str("<nav aria-label=\"Contents\">\n<ul>\n");
    for block in blocks {
        if let Block::Heading(2, text) = block {
            _ = writeln!(out, "<li><a href=\"#{}\">{}</a></li>", anchor(text), inline(text));
        }
    }
    out.push_str("</ul>\n</nav>\n");
}

fn push(block: &Block, out: &mut String) {
    match block {
        Block::Heading(level, text) => {
            _ = writeln!(out, "<h{level} id=\"{}\">{}</h{level}>", anchor(text), inline(text));
        }
        Block::Paragraph(text) => _ = writeln!(out, "<p>{}</p>", inline(text)),
        Block::List(items) => {
            out.push_str("<ul>\n");
            for item in items {
                _ = writeln!(out, "<li>{}</li>", inline(item));
            }
            out.push_str("</ul>\n");
        }
        Block::Lines(lines) => _ = writeln!(out, "<pre>{}</pre>", escaped(lines)),
        Block::Table(heads, rows) => table(heads, rows, out),
    }
}

fn table(heads: &[&str], rows: &[Vec<String>], out: &mut String) {
    out.push_str("<div class=\"table\"><table>\n<thead><tr>");
    for head in heads {
        _ = write!(out, "<th scope=\"col\">{}</th>", inline(head));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        out.push_str("<tr>");
        for cell in row {
            _ = write!(out, "<td>{}</td>", inline(cell));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div>\n");
}

/// Text with its code and its strong words marked up.
fn inline(text: &str) -> String {
    let mut out = String::new();
    for (index, piece) in text.split('`').enumerate() {
        if index % 2 == 1 {
            _ = write!(out, "<code>{}</code>", escaped(piece));
            continue;
        }
        for (index, piece) in piece.split("**").enumerate() {
            let strong = index % 2 == 1;
            let piece = escaped(piece);
            _ = if strong {
                write!(out, "<strong>{piece}</strong>")
            } else {
                write!(out, "{piece}")
            };
        }
    }
    out
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn anchor(text: &str) -> String {
    let plain = text.to_lowercase().replace(".csv", "");
    let kept: String =
        plain.chars().filter(|it| it.is_alphanumeric() || matches!(it, ' ' | '_')).collect();
    kept.trim().replace(' ', "-")
}
