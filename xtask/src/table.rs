//! Tables for the terminal.

/// Lays rows out in columns: the first to the left, the others to the right.
pub(crate) fn layout(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|it| it.get(column)).map(|it| it.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    rows.iter().map(|row| line(row, &widths)).collect()
}

fn line(row: &[String], widths: &[usize]) -> String {
    let mut line = String::new();
    for (column, (cell, width)) in row.iter().zip(widths).enumerate() {
        let padding = " ".repeat(width.saturating_sub(cell.chars().count()));
        let parts = if column == 0 { [cell, &padding] } else { [&padding, cell] };
        line.push_str(if column == 0 { "" } else { "  " });
        line.extend(parts.map(String::as_str));
    }
    format!("{}\n", line.trim_end())
}

/// A whole number with its thousands apart.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let rows = [["users", "7"], ["a", "1,000"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(layout(&rows), "users      7\na      1,000\n");
    }

    #[test]
    fn thousands_stand_apart() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (9_650_000, "9,650,000")] {
            assert_eq!(thousands(number), text);
        }
    }
}
