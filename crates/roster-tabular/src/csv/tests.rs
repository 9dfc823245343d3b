//! Tests of the CSV reader.

use super::*;
use crate::error::into_io;
use roster_core::{Error, ErrorKind};
use std::io;

/// What is read, a line of text for each outcome: `line: cell|cell`, or `line: Reason`.
fn read_all<R: Read>(mut reader: CsvReader<R>) -> Vec<String> {
    let mut record = Record::default();
    let mut found = Vec::new();
    loop {
        let outcome = reader.read(&mut record).unwrap();
        let what = match outcome {
            ReadOutcome::End => return found,
            ReadOutcome::Malformed(reason) => {
                assert!(record.is_empty());
                format!("{reason:?}")
            }
            ReadOutcome::Record => record.cells().collect::<Vec<_>>().join("|"),
        };
        found.push(format!("{}: {what}", record.line()));
    }
}

/// A reader whose buffer starts with `chunk` bytes, so that little input reaches its end.
fn with_chunk<R: Read>(reader: R, limits: CsvLimits, chunk: usize) -> CsvReader<R> {
    let mut csv = CsvReader::new(reader, limits, b',');
    csv.input.set_chunk(chunk, limits.max_record_bytes);
    csv
}

fn check_limited(input: &[u8], limits: CsvLimits, expected: &[&str]) {
    for chunk in (16..48).chain([1 << 18]) {
        let found = read_all(with_chunk(input, limits, chunk));
        assert_eq!(found, expected, "{:?} in chunks of {chunk}", input.escape_ascii().to_string());
    }
}

fn check(input: impl AsRef<[u8]>, expected: &[&str]) {
    check_limited(input.as_ref(), CsvLimits::default(), expected);
}

#[test]
fn cells_are_cut_at_delimiters() {
    check("a,b,c\n", &["1: a|b|c"]);
    check(",b,\n", &["1: |b|"]);
    check(" a , b \n", &["1:  a | b "]);
    check("", &[]);
    check("a", &["1: a"]);
    check("a,b,c\n1,2,3", &["1: a|b|c", "2: 1|2|3"]);
    check(",\n", &["1: |"]);
}

#[test]
fn file_without_a_last_line_end_is_told() {
    let check = |input: &[u8], expected: bool| {
        for chunk in (16..48).chain([1 << 18]) {
            let mut csv = with_chunk(input, CsvLimits::default(), chunk);
            let (mut record, mut last) = (Record::default(), false);
            while csv.read(&mut record).unwrap() != ReadOutcome::End {
                assert!(!last, "only the last record has no line end");
                last = csv.ends_without_line_end();
            }
            assert_eq!(
                last,
                expected,
                "{:?} in chunks of {chunk}",
                input.escape_ascii().to_string()
            );
        }
    };
    check(b"", false);
    check(b"a,b\n1,2\n", false);
    check(b"a,b\n1,2\r\n\r\n", false);
    check(b"a,b\r1,2\r", false);
    check(b"a,b\n1,2\n\x1a", false);
    check(b"a,b\n1,2", true);
    check(b"a,b\n1,\"2\"", true);
    check(b"a,b\n1,\"2\n3\n", false);
    check(b"a,b\n1,\"2", true);
    check(b"a,b\n\"1\n2", true);
}

#[test]
fn any_line_end_ends_a_record() {
    check("a\nb\n", &["1: a", "2: b"]);
    check("a\r\nb\r\n", &["1: a", "2: b"]);
    check("a\rb\r", &["1: a", "2: b"]);
    check("a\r\r\nb\r\r\n", &["1: a", "3: b"]);
    check("\"a\"\r\n\"b\"\r\"c\"\n\"d\"", &["1: a", "2: b", "3: c", "4: d"]);
}

#[test]
fn crlf_split_between_two_reads_is_one_line_end() {
    let first = "x".repeat(15);
    check(
        format!("{first}\r\n{first}\r\nb\r\n"),
        &[&format!("1: {first}"), &format!("2: {first}"), "3: b"],
    );
}

#[test]
fn blank_lines_are_skipped_and_counted() {
    check("\n\n a\n\r\n\r\nb\n\n", &["3:  a", "6: b"]);
    check("a\n   \n\t\nb\n\x1a", &["1: a", "4: b"]);
    check("a\n\"\"\n", &["1: a", "2: "]);
    check("a,b\n , \n", &["1: a|b", "2:  | "]);
}

#[test]
fn quoted_values_are_unquoted() {
    check("\"a\",\"b\"\n", &["1: a|b"]);
    check("\"a,b\",c\n", &["1: a,b|c"]);
    check("\"say \"\"hi\"\"\",\"\"\"\"\n", &["1: say \"hi\"|\""]);
    check("\"\",\"\"\n", &["1: |"]);
    check("a,\"b\",c\n", &["1: a|b|c"]);
    check("\"a\"", &["1: a"]);
    check("1, \"Diaz, Ana\" ,2\n", &["1: 1|Diaz, Ana|2"]);
}

#[test]
fn quotes_at_every_place_of_the_buffer_are_read_the_same() {
    for padding in 0..64 {
        let padding = "p".repeat(padding);
        let input = format!("{padding},\"a\"\"b\",\"c\"\nd,\"\"\n");
        check(input, &[&format!("1: {padding}|a\"b|c"), "2: d|"]);
    }
}

#[test]
fn line_breaks_inside_quotes_are_values_and_are_counted() {
    check("\"a\nb\",c\nd\n", &["1: a\nb|c", "3: d"]);
    check("\"a\r\nb\r\nc\"\r\nd\r\n", &["1: a\r\nb\r\nc", "4: d"]);
    check("\"a\rb\"\nc", &["1: a\rb", "3: c"]);
    check("\"\n\n\n\"\nx", &["1: \n\n\n", "5: x"]);
}

#[test]
fn stray_quote_costs_one_record() {
    check("a,b\"c,d\ne\n", &["1: StrayQuote", "2: e"]);
    check("a,\"b\"c,d\ne\n", &["1: StrayQuote", "2: e"]);
    check("5\" pipe,x\r\ne\r\n", &["1: StrayQuote", "2: e"]);
    check("a\"", &["1: StrayQuote"]);
    check("\"a\" \"b\"\nc", &["1: StrayQuote", "2: c"]);
}

#[test]
fn unclosed_quote_costs_one_record() {
    check("1,\"a\n2,b\n3,c\n", &["1: UnclosedQuote", "2: 2|b", "3: 3|c"]);
    check("1,\"a,x\n2,\"b\"\n3,c\n", &["1: UnclosedQuote", "2: 2|b", "3: 3|c"]);
    check("1,\"a\r2,b\r", &["1: UnclosedQuote", "2: 2|b"]);
    check("x\n\"", &["1: x", "2: UnclosedQuote"]);
    let mut lines = vec!["1,\"a".to_owned()];
    lines.extend((2..500).map(|it| format!("{it},b")));
    lines.push("500,\"c,d".to_owned());
    let mut expected: Vec<_> = (1..=500).map(|it| format!("{it}: {it}|b")).collect();
    expected[0] = "1: UnclosedQuote".to_owned();
    expected[499] = "500: UnclosedQuote".to_owned();
    check(lines.join("\r\n"), &expected.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn quote_closed_by_chance_costs_one_record_if_the_width_is_known() {
    let input: &[u8] = b"1,\"a,x\n2,b,x\n3,c\",x\n4,\"d\ne\",x\n";
    let mut reader = CsvReader::new(input, CsvLimits::default(), b',');
    assert_eq!(read_all(CsvReader::new(input, CsvLimits::default(), b',')).len(), 2);
    reader.set_width(4);
    let expected =
        ["1: UnclosedQuote", "2: 2|b|x", "3: StrayQuote", "4: UnclosedQuote", "5: StrayQuote"];
    assert_eq!(read_all(reader), expected);
    let mut reader = CsvReader::new(input, CsvLimits::default(), b',');
    reader.set_width(3);
    assert_eq!(read_all(reader), ["1: 1|a,x\n2,b,x\n3,c|x", "4: 4|d\ne|x"]);
}

#[test]
fn long_records_cost_one_record() {
    let limits = CsvLimits { max_record_bytes: 40, max_columns: 8 };
    let long = "x".repeat(41);
    let fits = "y".repeat(40);
    let input =
        format!("a\n{long}\n{fits}\r\n{long}{long}{long}{long}\r\nb\n\"{long}\"\nc\n{long}");
    let fits = format!("3: {fits}");
    check_limited(
        input.as_bytes(),
        limits,
        &["1: a", "2: TooLong", &fits, "4: TooLong", "5: b", "6: TooLong", "7: c", "8: TooLong"],
    );
}

#[test]
fn quote_that_runs_over_the_limit_costs_its_first_line() {
    let limits = CsvLimits { max_record_bytes: 40, max_columns: 8 };
    let input = format!("1,\"a\n{}", "2,b\n".repeat(30));
    let mut expected = vec!["1: UnclosedQuote".to_owned()];
    expected.extend((2..32).map(|it| format!("{it}: 2|b")));
    check_limited(
        input.as_bytes(),
        limits,
        &expected.iter().map(String::as_str).collect::<Vec<_>>(),
    );
}

#[test]
fn too_many_columns_cost_one_record() {
    let wide = ",".repeat(99_999);
    check(format!("a,b\n{wide}\nc,d\n"), &["1: a|b", "2: TooManyColumns", "3: c|d"]);
    let quoted = "\"\",".repeat(99_999);
    check(format!("a,b\n{quoted}\nc,d\n"), &["1: a|b", "2: TooManyColumns", "3: c|d"]);
    let limits = CsvLimits { max_columns: 3, ..CsvLimits::default() };
    check_limited(b"1,2,3\n1,2,3,4\n", limits, &["1: 1|2|3", "2: TooManyColumns"]);
}

#[test]
fn byte_order_mark_is_skipped() {
    check("\u{feff}a,b\n", &["1: a|b"]);
    check("\u{feff}\u{feff}a\n", &["1: a"]);
    check("\u{feff}\"a\"\n", &["1: a"]);
    check("\u{feff}", &[]);
    check("a\n\u{feff}b\n", &["1: a", "2: \u{feff}b"]);
}

#[test]
fn utf_16_is_decoded() {
    let text = "naïve,\"漢字 😀\"\r\nb,c\n";
    let expected = ["1: naïve|漢字 😀", "2: b|c"];
    let units = || text.encode_utf16();
    let little: Vec<u8> = units().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = units().flat_map(u16::to_be_bytes).collect();
    check([b"\xff\xfe".as_slice(), &little].concat(), &expected);
    check([b"\xfe\xff".as_slice(), &big].concat(), &expected);
    check(&little, &expected);
    check(&big, &expected);
    check(b"\xff\xfe", &[]);
    check(b"\xff\xfea\0\x00\xd8\n\0", &["1: a\u{fffd}"]);
}

#[test]
fn windows_1252_is_decoded_record_by_record() {
    fn first_line(input: &[u8]) -> Option<u64> {
        let mut reader = CsvReader::new(input, CsvLimits::default(), b',');
        let mut record = Record::default();
        while reader.read(&mut record).unwrap() != ReadOutcome::End {}
        reader.windows_1252_line()
    }
    let mixed = b"id,name\n1,Zo\xeb\n2,Zo\xc3\xab\n\xe9t\xe9,\"\x80 \"\"x\"\"\",b\n";
    check(mixed, &["1: id|name", "2: 1|Zoë", "3: 2|Zoë", "4: été|€ \"x\"|b"]);
    check(b",\xe9,\n", &["1: |é|"]);
    assert_eq!(first_line(mixed), Some(2));
    assert_eq!(first_line("é\n".as_bytes()), None);
}

#[test]
fn records_know_breaks_and_controls() {
    fn check(input: &[u8], line_break: bool, control: bool) {
        let mut record = Record::default();
        let outcome = CsvReader::new(input, CsvLimits::default(), b',').read(&mut record).unwrap();
        assert_eq!(outcome, ReadOutcome::Record);
        let found = (record.has_line_break(), record.has_control());
        assert_eq!(found, (line_break, control), "{}", input.escape_ascii());
    }
    check(b"a,\tb", false, false);
    check(b"\"a\r\nb\"", true, false);
    check(b"a\0,b", false, true);
    check(b"\"a\0\",b", false, true);
    check(b"a\x1f", false, true);
    check("a\u{fffd}".as_bytes(), false, true);
    check("é".as_bytes(), false, false);
}

#[test]
fn cells_are_found_by_column() {
    let mut record = Record::default();
    assert_eq!((record.first_cell(), record.get(0), record.is_empty()), ("", None, true));
    let mut reader = CsvReader::new(b"a,,ccc\n , \n".as_slice(), CsvLimits::default(), b',');
    assert_eq!(reader.read(&mut record).unwrap(), ReadOutcome::Record);
    let cells = [0, 1, 2, 3].map(|it| record.get(it));
    assert_eq!(cells, [Some("a"), Some(""), Some("ccc"), None]);
    assert_eq!((record.len(), record.first_cell(), record.is_blank()), (3, "a", false));
    assert_eq!(reader.read(&mut record).unwrap(), ReadOutcome::Record);
    assert!(record.is_blank());
    assert_eq!(reader.read(&mut record).unwrap(), ReadOutcome::End);
    assert_eq!(reader.read(&mut record).unwrap(), ReadOutcome::End);
}

#[test]
fn delimiter_is_guessed_from_the_first_line() {
    fn check(input: &str, expected: u8) {
        assert_eq!(guess_delimiter(input.as_bytes()), expected, "{input}");
    }
    check("sourcedId,status", b',');
    check("sourcedId;status", b';');
    check("sourcedId\tstatus", b'\t');
    check("\"a,b,c\";d", b';');
    check("sourcedId", b',');
    check("a,b;c", b',');
    let mut reader =
        CsvReader::guessing(b"\xef\xbb\xbfa;b\n1,5;2\n".as_slice(), CsvLimits::default());
    assert_eq!(reader.delimiter(), b',');
    let mut record = Record::default();
    let _ = reader.read(&mut record).unwrap();
    assert_eq!((reader.delimiter(), record.len()), (b';', 2));
    assert_eq!(read_all(reader), ["2: 1,5|2"]);
}

#[test]
fn debug_shows_no_value() {
    let mut record = Record::default();
    let mut reader = CsvReader::new(b"Canary,\"Canary\"".as_slice(), CsvLimits::default(), b',');
    let _ = reader.read(&mut record).unwrap();
    assert!(!format!("{record:?} {reader:?}").contains("Canary"));
}

#[test]
fn reader_that_failed_never_ends() {
    let failure = io::Error::from(io::ErrorKind::ConnectionReset);
    let own = into_io(Error::new(ErrorKind::Damaged, "bundle.read", "wrong checksum"));
    for (failure, expected) in [(failure, ErrorKind::Unavailable), (own, ErrorKind::Damaged)] {
        let input = b"a,b\n1,2\n".chain(Failing(Some(failure)));
        let mut reader = CsvReader::new(input, CsvLimits::default(), b',');
        let mut record = Record::default();
        let error = reader.read(&mut record).unwrap_err();
        assert_eq!(error.kind(), expected);
        assert_eq!(reader.read(&mut record).unwrap_err().kind(), ErrorKind::Internal);
    }
}

/// Fails once, then ends as if nothing had been.
struct Failing(Option<io::Error>);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

#[test]
fn line_of_a_gigabyte_costs_bounded_memory() {
    fn check(start: &'static [u8], byte: u8, end: &'static [u8], expected: &[&str]) {
        let limits = CsvLimits::default();
        let input = start.chain(io::repeat(byte).take(1 << 30)).chain(end);
        let mut reader = CsvReader::new(input, limits, b',');
        let mut record = Record::default();
        let mut found = Vec::new();
        loop {
            let outcome = reader.read(&mut record).unwrap();
            let held = reader.input.held_bytes() + reader.unquoted.capacity();
            assert!(held <= 4 * limits.max_record_bytes, "{held}");
            match outcome {
                ReadOutcome::End => break,
                other => found.push(format!("{}: {other:?}", record.line())),
            }
        }
        assert_eq!(found, expected);
    }
    check(b"a\n", b'x', b"\nb\n", &["1: Record", "2: Malformed(TooLong)", "3: Record"]);
    check(b"a\n\"", b'x', b"\nb\n", &["1: Record", "2: Malformed(TooLong)", "3: Record"]);
    check(b"a\n", b',', b"\nb\n", &["1: Record", "2: Malformed(TooLong)", "3: Record"]);
    check(b"a\n", b'x', b"", &["1: Record", "2: Malformed(TooLong)"]);
}

mod properties {
    use super::*;
    use csv_core::{ReadRecordResult, Reader};
    use proptest::prelude::*;

    type Table = Vec<Vec<String>>;

    fn cell() -> impl Strategy<Value = String> {
        let awkward = prop::sample::select(vec![
            "\"", ",", "\n", "\r\n", "\r", " ", "é", "漢", "\t", "\"\"", ",\"",
        ]);
        prop::collection::vec(prop_oneof![awkward.prop_map(str::to_owned), "[a-c]{0,12}"], 0..5)
            .prop_map(|it| it.concat())
    }

    fn table() -> impl Strategy<Value = Table> {
        (1usize..6).prop_flat_map(|width| {
            prop::collection::vec(prop::collection::vec(cell(), width), 0..12)
        })
    }

    fn write(table: &Table, quote_all: bool, line_end: &str) -> String {
        let mut out = String::new();
        for row in table {
            let cells: Vec<_> =
                row.iter().map(|it| write_cell(it, quote_all || row.len() == 1)).collect();
            out += &cells.join(",");
            out += line_end;
        }
        out
    }

    fn write_cell(cell: &str, quote: bool) -> String {
        if quote || cell.contains(['"', ',', '\n', '\r']) {
            format!("\"{}\"", cell.replace('"', "\"\""))
        } else {
            cell.to_owned()
        }
    }

    fn read_table(reader: CsvReader<&[u8]>) -> Table {
        let mut reader = reader;
        let mut record = Record::default();
        let mut table = Table::new();
        while reader.read(&mut record).unwrap() == ReadOutcome::Record {
            table.push(record.cells().map(str::to_owned).collect());
        }
        table
    }

    fn read_with_csv_core(input: &[u8]) -> Table {
        let (mut reader, mut at, mut table) = (Reader::new(), 0, Table::new());
        let (mut out, mut ends) = (vec![0; input.len() + 1], vec![0; input.len() + 2]);
        loop {
            let (mut written, mut ended) = (0, 0);
            loop {
                let (result, read, wrote, ends_read) =
                    reader.read_record(&input[at..], &mut out[written..], &mut ends[ended..]);
                (at, written, ended) = (at + read, written + wrote, ended + ends_read);
                match result {
                    ReadRecordResult::Record => break,
                    ReadRecordResult::End => return table,
                    _ => {}
                }
            }
            let starts = std::iter::once(0).chain(ends[..ended].iter().copied());
            let cells = starts.zip(&ends[..ended]).map(|(start, end)| &out[start..*end]);
            table.push(cells.map(|it| String::from_utf8_lossy(it).into_owned()).collect());
        }
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(
            table in table(),
            quote_all: bool,
            line_end in prop::sample::select(vec!["\n", "\r\n", "\r"]),
            last_line_end: bool,
            chunk in 16usize..80,
        ) {
            let mut text = write(&table, quote_all, line_end);
            if !last_line_end {
                text.truncate(text.len() - line_end.len().min(text.len()));
            }
            let found = read_table(with_chunk(text.as_bytes(), CsvLimits::default(), chunk));
            prop_assert_eq!(&found, &table);
            prop_assert_eq!(&read_with_csv_core(text.as_bytes()), &table);
        }

        #[test]
        fn any_bytes_are_read_the_same_in_any_chunks(
            bytes in prop::collection::vec(prop::sample::select(b"\"\",\n\rab \xe9\0".to_vec()), 0..200),
            chunk in 16usize..80,
        ) {
            let limits = CsvLimits { max_record_bytes: 60, max_columns: 6 };
            let small = read_all(with_chunk(bytes.as_slice(), limits, chunk));
            prop_assert_eq!(small, read_all(CsvReader::new(bytes.as_slice(), limits, b',')));
        }
    }
}
