//! Where results go: standard output, as text for people or as JSON, one object per line.

use serde::Serialize;
use std::io::{self, IsTerminal as _, Write};

/// How results are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// For people.
    Text {
        /// Whether words are coloured.
        colour: Colour,
    },
    /// One JSON object per line.
    Json,
}

/// Whether words are coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// With terminal colours.
    On,
    /// As plain text.
    Off,
}

impl Colour {
    /// On a terminal, unless `NO_COLOR` is set.
    #[must_use]
    pub fn of_stdout() -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|it| it.is_empty());
        if wanted && io::stdout().is_terminal() { Self::On } else { Self::Off }
    }

    /// The text in a colour.
    #[must_use]
    pub fn paint(self, paint: Paint, text: &str) -> String {
        match self {
            Self::On => format!("\u{1b}[{}m{text}\u{1b}[0m", paint as u8),
            Self::Off => text.to_owned(),
        }
    }
}

/// What a colour stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Paint {
    /// Good.
    Green = 32,
    /// Needs attention.
    Yellow = 33,
    /// Bad.
    Red = 31,
    /// Less important.
    Dim = 2,
    /// More important.
    Bold = 1,
}

/// Writes results.
pub struct Console {
    out: Box<dyn Write + Send>,
    form: Form,
    /// Whether the output of work could not be written.
    lost: bool,
}

impl Console {
    /// Writes to `out`.
    #[must_use]
    pub fn new(out: Box<dyn Write + Send>, form: Form) -> Self {
        Self { out, form, lost: false }
    }

    /// How results are written.
    #[must_use]
    pub fn form(&self) -> Form {
        self.form
    }

    /// Writes what work came to: as JSON, or as the text that `text` makes of it.
    ///
    /// The work goes on, and ends as it ends, whether or not anybody can read of it.  That the output cannot be written
    /// to is said once, in the log.
    pub fn result<T: Serialize>(&mut self, result: &T, text: impl FnOnce(&T, Colour) -> String) {
        if !self.lost {
            let written = self.answer(result, text);
            self.go_on(written);
        }
    }

    /// Writes a line about work that only people need.  As with [`Self::result`], the work goes on without it.
    pub fn remark(&mut self, text: &str) {
        if !self.lost && self.form != Form::Json {
            let written = writeln!(self.out, "{text}");
            self.go_on(written);
        }
    }

    fn go_on(&mut self, written: io::Result<()>) {
        if let Err(error) = written {
            self.lost = true;
            tracing::warn!(%error, "standard output cannot be written to; the work goes on without it");
        }
    }

    /// Writes what was asked for: as JSON, or as the text that `text` makes of it.
    ///
    /// # Errors
    ///
    /// When the output cannot be written to.
    pub fn answer<T: Serialize>(
        &mut self,
        result: &T,
        text: impl FnOnce(&T, Colour) -> String,
    ) -> io::Result<()> {
        match self.form {
            Form::Json => {
                serde_json::to_writer(&mut self.out, result).map_err(io::Error::from)?;
                writeln!(self.out)?;
            }
            Form::Text { colour } => write!(self.out, "{}", text(result, colour))?,
        }
        self.out.flush()
    }
}

impl std::fmt::Debug for Console {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Console").field("form", &self.form).finish_non_exhaustive()
    }
}
