//! The SFTP protocol, version 3 (draft-ietf-secsh-filexfer-02): from requests to files and back.

use crate::{
    files::{Files, Outcome, Refusal},
    name,
};
use bytes::Bytes;
use russh_sftp::protocol::{
    Attrs, Extended, File, FileAttributes, Handle, Name, Packet, Status, StatusCode, VERSION,
    Version,
};
use std::collections::HashMap;

/// An upload program that knows it renames over a file in one step (OpenSSH's PROTOCOL §4.3).
const POSIX_RENAME: &str = "posix-rename@openssh.com";
/// Asks for what `close` does anyway (OpenSSH's PROTOCOL §4.6).
const FSYNC: &str = "fsync@openssh.com";

/// Answers a request; the answer of one that cannot be read says so.
pub(crate) fn answer(files: &mut Files, mut request: Bytes) -> Packet {
    let id = id_of(&request);
    match Packet::try_from(&mut request) {
        Ok(packet) => answer_packet(files, packet),
        Err(_) => status(id, Err((StatusCode::BadMessage, "the request cannot be read"))),
    }
}

/// The number of a request: it stands behind its type.
fn id_of(request: &[u8]) -> u32 {
    request.get(1..5).and_then(|it| it.try_into().ok()).map_or(0, u32::from_be_bytes)
}

fn answer_packet(files: &mut Files, packet: Packet) -> Packet {
    match packet {
        Packet::Init(_) => version().into(),
        Packet::Open(it) => handle(it.id, files.open(&it.filename, it.pflags)),
        Packet::Close(it) => status(it.id, files.close(&it.handle)),
        Packet::Write(it) => status(it.id, files.write(&it.handle, it.offset, &it.data)),
        Packet::OpenDir(it) => handle(it.id, files.open_folder(&it.path)),
        Packet::ReadDir(it) => names(it.id, files.names(&it.handle)),
        Packet::Stat(it) => attributes(it.id, files.stat(&it.path)),
        Packet::Lstat(it) => attributes(it.id, files.stat(&it.path)),
        Packet::Fstat(it) => attributes(it.id, files.stat_handle(&it.handle)),
        Packet::SetStat(it) => status(it.id, set(&it.attrs, &it.path, files)),
        Packet::FSetStat(it) => match it.attrs.size {
            Some(bytes) => status(it.id, files.set_size(&it.handle, bytes)),
            None => status(it.id, files.stat_handle(&it.handle).map(drop)),
        },
        Packet::Remove(it) => status(it.id, files.remove(&it.filename)),
        Packet::Rename(it) => status(it.id, files.rename(&it.oldpath, &it.newpath)),
        Packet::MkDir(it) => status(it.id, files.make_folder(&it.path)),
        Packet::RmDir(it) => status(it.id, files.remove_folder(&it.path)),
        Packet::RealPath(it) => real_path(it.id, &it.path),
        Packet::Read(it) => status(it.id, Err(NOT_FETCHED)),
        Packet::Symlink(it) => status(it.id, Err(NO_LINKS)),
        Packet::ReadLink(it) => status(it.id, Err(NO_LINKS)),
        Packet::Extended(it) => status(it.id, extended(files, &it)),
        other => {
            status(other.get_request_id(), Err((StatusCode::BadMessage, "this is no request")))
        }
    }
}

const NOT_FETCHED: Refusal = (StatusCode::PermissionDenied, "files can be sent here, not fetched");
const NO_LINKS: Refusal = (StatusCode::PermissionDenied, "there are no links here");

fn version() -> Version {
    let extensions = [(POSIX_RENAME, "1"), (FSYNC, "1")];
    let extensions: HashMap<_, _> =
        extensions.map(|(name, it)| (name.to_owned(), it.to_owned())).into();
    Version { version: VERSION, extensions }
}

/// Times and rights are the server's own; whoever sets them is told that all is well, for upload programs insist on it.
fn set(wanted: &FileAttributes, path: &str, files: &Files) -> Outcome {
    if wanted.size.is_some() {
        return Err((
            StatusCode::OpUnsupported,
            "a file can only be cut off while it is being sent",
        ));
    }
    files.stat(path).map(drop)
}

fn extended(files: &mut Files, request: &Extended) -> Outcome {
    match request.request.as_str() {
        POSIX_RENAME => {
            let unreadable = (StatusCode::BadMessage, "the request cannot be read");
            let (from, rest) = text(&request.data).ok_or(unreadable)?;
            let (to, _) = text(rest).ok_or(unreadable)?;
            files.rename(from, to)
        }
        FSYNC => Ok(()),
        _ => Err((StatusCode::OpUnsupported, "this cannot be done here")),
    }
}

/// A text with its length before it, and what follows.
fn text(data: &[u8]) -> Option<(&str, &[u8])> {
    let (length, rest) = data.split_first_chunk()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (text, rest) = rest.split_at_checked(length)?;
    Some((std::str::from_utf8(text).ok()?, rest))
}

fn real_path(id: u32, path: &str) -> Packet {
    Name { id, files: vec![File::dummy(name::absolute(path))] }.into()
}

fn handle(id: u32, outcome: Outcome<String>) -> Packet {
    match outcome {
        Ok(handle) => Handle { id, handle }.into(),
        Err(it) => status(id, Err(it)),
    }
}

fn names(id: u32, outcome: Outcome<Vec<(String, FileAttributes)>>) -> Packet {
    match outcome {
        Ok(names) if names.is_empty() => status(id, Err((StatusCode::Eof, "that is all"))),
        Ok(names) => {
            Name { id, files: names.into_iter().map(|(name, it)| File::new(name, it)).collect() }
                .into()
        }
        Err(it) => status(id, Err(it)),
    }
}

fn attributes(id: u32, outcome: Outcome<FileAttributes>) -> Packet {
    match outcome {
        Ok(attrs) => Attrs { id, attrs }.into(),
        Err(it) => status(id, Err(it)),
    }
}

fn status(id: u32, outcome: Outcome) -> Packet {
    let (status_code, message) = outcome.err().unwrap_or((StatusCode::Ok, "done"));
    let (error_message, language_tag) = (message.to_owned(), "en".to_owned());
    Status { id, status_code, error_message, language_tag }.into()
}
