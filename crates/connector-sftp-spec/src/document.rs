//! The specification as a document for districts: one content, as Markdown and as a page of HTML.

mod content;
mod html;
mod markdown;

pub use html::html;
pub use markdown::markdown;

/// A piece of the document.  In texts, what stands between backticks is code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// A heading of a level, from 1.
    Heading(u8, String),
    /// A paragraph.
    Paragraph(String),
    /// A list.
    List(Vec<String>),
    /// A table: its heads, and its rows.
    Table(Vec<&'static str>, Vec<Vec<String>>),
    /// Lines of a file or of a terminal.
    Lines(String),
}

/// The document, piece by piece.
#[must_use]
pub fn blocks() -> Vec<Block> {
    content::blocks()
}

/// The rules of one column, as a row of the document's tables has them.
pub use content::column_row;
