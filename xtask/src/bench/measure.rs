//! Time and memory of another program.

use super::Subject;
use crate::Result;
use std::{
    collections::BTreeMap,
    fs,
    io::Read,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// All measurements of each subject.
pub(super) type Samples = BTreeMap<Subject, Vec<Measured>>;

/// One run of a program.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Measured {
    pub(super) seconds: f64,
    /// The most memory it held at once; 0 where the system does not tell.
    pub(super) peak_bytes: u64,
    /// What it printed.
    pub(super) output: String,
}

/// How often a running program's memory is asked for.
const INTERVAL: Duration = Duration::from_millis(5);

/// Runs a program to its end.
pub(super) fn measure(command: &mut Command) -> Result<Measured> {
    let start = Instant::now();
    let mut child = command.stdout(Stdio::piped()).stdin(Stdio::null()).spawn()?;
    let output = read_aside(&mut child);
    let mut peak_bytes = 0;
    let status = loop {
        // The system's own high-water mark: asking now and then loses only what came in the last moment.
        peak_bytes = peak_bytes.max(high_water_mark(child.id()));
        if let Some(status) = child.try_wait()? {
            break status;
        }
        thread::sleep(INTERVAL);
    };
    let seconds = start.elapsed().as_secs_f64();
    let output = output.join().map_err(|_| "the output could not be read")?;
    if !status.success() {
        let program = command.get_program().display();
        return Err(format!("{program} ended with {status}: {output}").into());
    }
    Ok(Measured { seconds, peak_bytes, output })
}

/// Takes a program's output so that it does not wait for a reader; keeps the first of it.
fn read_aside(child: &mut Child) -> thread::JoinHandle<String> {
    const KEPT: usize = 1024 * 1024;
    let stdout = child.stdout.take();
    thread::spawn(move || {
        let (mut kept, mut chunk) = (Vec::new(), vec![0; 256 * 1024]);
        let Some(mut stdout) = stdout else { return String::new() };
        while let Ok(read @ 1..) = stdout.read(&mut chunk) {
            let room = KEPT - kept.len();
            kept.extend_from_slice(&chunk[..read.min(room)]);
        }
        String::from_utf8_lossy(&kept).into_owned()
    })
}

fn high_water_mark(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    peak(&status).unwrap_or(0)
}

/// Bytes in the line `VmHWM:  1234 kB`.
fn peak(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|it| it.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

/// The middle of several numbers, the mean of the middle two where there are as many on both sides.
pub(super) fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let middle = numbers.len() / 2;
    match numbers.len() {
        0 => 0.0,
        count if count.is_multiple_of(2) => f64::midpoint(numbers[middle - 1], numbers[middle]),
        _ => numbers[middle],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_high_water_mark_is_read() {
        assert_eq!(peak("Name:\tx\nVmHWM:\t   1024 kB\nVmRSS:\t1 kB\n"), Some(1024 * 1024));
        assert_eq!(peak("Name:\tx\n"), None);
    }

    #[test]
    fn the_median_is_in_the_middle() {
        for (numbers, expected) in
            [(vec![], 0.0), (vec![3.0, 1.0, 2.0], 2.0), (vec![1.0, 2.0], 1.5)]
        {
            assert!((median(numbers) - expected).abs() < f64::EPSILON);
        }
    }

    #[test]
    fn a_program_that_fails_is_an_error_and_one_that_prints_much_ends() {
        assert!(measure(&mut Command::new("false")).is_err());
        let measured = measure(Command::new("seq").arg("500000")).unwrap();
        assert!(measured.output.starts_with("1\n2\n"));
    }
}
