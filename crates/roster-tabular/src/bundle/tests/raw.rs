//! Writes archives by hand, so that they can lie.

use flate2::{Compression, Crc, write::DeflateEncoder};
use std::io::Write;

/// A file in an archive, every field of which can be set.
#[derive(Clone)]
pub(super) struct RawFile {
    pub(super) name: Vec<u8>,
    pub(super) content: Vec<u8>,
    pub(super) method: u16,
    pub(super) flags: u16,
    pub(super) crc_32: u32,
    pub(super) bytes: u32,
    pub(super) compressed_bytes: u32,
    pub(super) external_attributes: u32,
    /// Where the directory says the file is, if not where it is.
    pub(super) start: Option<u32>,
}

impl RawFile {
    pub(super) fn stored(name: impl AsRef<[u8]>, content: &[u8]) -> Self {
        let mut crc = Crc::new();
        crc.update(content);
        Self {
            name: name.as_ref().to_vec(),
            content: content.to_vec(),
            method: 0,
            flags: 0,
            crc_32: crc.sum(),
            bytes: length(content),
            compressed_bytes: length(content),
            external_attributes: 0,
            start: None,
        }
    }

    pub(super) fn deflated(name: &str, content: &[u8]) -> Self {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(content).unwrap();
        let compressed = encoder.finish().unwrap();
        let plain = Self::stored(name, content);
        Self { method: 8, compressed_bytes: length(&compressed), content: compressed, ..plain }
    }
}

/// The archive of these files.
pub(super) fn archive(files: &[RawFile]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for file in files {
        let start = file.start.unwrap_or(length(&out));
        out.extend_from_slice(b"PK\x03\x04\x14\0");
        push_common(&mut out, file);
        out.extend_from_slice(&file.name);
        out.extend_from_slice(&file.content);
        directory.extend_from_slice(b"PK\x01\x02\x14\x03\x14\0");
        push_common(&mut directory, file);
        directory.extend_from_slice(&[0; 6]);
        directory.extend_from_slice(&file.external_attributes.to_le_bytes());
        directory.extend_from_slice(&start.to_le_bytes());
        directory.extend_from_slice(&file.name);
    }
    let end = end_record(files.len(), length(&directory), length(&out));
    [out, directory, end].concat()
}

/// The record at an archive's end.
pub(super) fn end_record(entries: usize, directory_bytes: u32, directory_start: u32) -> Vec<u8> {
    let entries = u16::try_from(entries).unwrap().to_le_bytes();
    let mut end = b"PK\x05\x06\0\0\0\0".to_vec();
    end.extend([entries, entries].concat());
    end.extend([directory_bytes.to_le_bytes(), directory_start.to_le_bytes()].concat());
    end.extend([0, 0]);
    end
}

/// What local and central headers have in common, from the flags to the length of the extra field.
fn push_common(out: &mut Vec<u8>, file: &RawFile) {
    out.extend([file.flags.to_le_bytes(), file.method.to_le_bytes(), [0; 2], [0; 2]].concat());
    for number in [file.crc_32, file.compressed_bytes, file.bytes] {
        out.extend(number.to_le_bytes());
    }
    out.extend(u16::try_from(file.name.len()).unwrap().to_le_bytes());
    out.extend([0, 0]);
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap()
}
