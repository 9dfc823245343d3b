//! Text in columns.

use crate::console::{Colour, Paint};

/// Side of its column that a cell stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// Rows of cells under headings.
#[derive(Debug)]
pub(crate) struct Grid {
    columns: Vec<(&'static str, Align)>,
    rows: Vec<Vec<String>>,
}

impl Grid {
    pub(crate) fn new(columns: &[(&'static str, Align)]) -> Self {
        Self { columns: columns.to_vec(), rows: Vec::new() }
    }

    /// Adds a row with a cell for each column.
    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// The headings and rows, each line after `indent`.
    pub(crate) fn text(&self, indent: &str, colour: Colour) -> String {
        let headings: Vec<_> = self.columns.iter().map(|it| it.0.to_owned()).collect();
        let mut text = colour.paint(Paint::Dim, &self.line(&headings));
        text.insert_str(0, indent);
        text.push('\n');
        for row in &self.rows {
            text.push_str(indent);
            text.push_str(&self.line(row));
            text.push('\n');
        }
        text
    }

    fn line(&self, cells: &[String]) -> String {
        let mut line = String::new();
        for (index, (cell, (_, align))) in cells.iter().zip(&self.columns).enumerate() {
            let gap = if index == 0 { 0 } else { 2 };
            let room = self.width(index) - width(cell);
            let (before, after) = match align {
                Align::Left => (gap, room),
                Align::Right => (gap + room, 0),
            };
            line.extend(std::iter::repeat_n(' ', before));
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', after));
        }
        line.truncate(line.trim_end().len());
        line
    }

    fn width(&self, column: usize) -> usize {
        let cells = self.rows.iter().filter_map(|it| it.get(column)).map(|it| width(it));
        cells.chain([width(self.columns[column].0)]).max().unwrap_or_default()
    }
}

/// Characters that are seen: without terminal colours.
fn width(text: &str) -> usize {
    let mut visible = true;
    let seen = |it: &char| {
        let counts = visible && *it != '\u{1b}';
        visible = if visible { counts } else { *it == 'm' };
        counts
    };
    text.chars().filter(seen).count()
}
