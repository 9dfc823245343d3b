//! From the bytes of a channel to requests, some at a time, and the answers back.

use crate::{files::Files, session};
use bytes::{Buf, Bytes, BytesMut};
use russh_sftp::protocol::Packet;
use std::{io, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    task,
    time::timeout,
};
use tracing::warn;

/// The longest request.  Clients send 32 KiB at a time, some 256.
const LONGEST: usize = (256 << 10) + 1024;
/// How much is read at once.
const READ: usize = 64 << 10;

/// Serves one SFTP session until the client has had enough, is silent for too long, or talks nonsense.
///
/// Gives the files back, and whether the session is over because something was wrong with it; `None` if the program ends.
pub(crate) async fn serve<S>(
    mut stream: S,
    mut files: Files,
    idle: Duration,
) -> Option<(Files, bool)>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut buffer = BytesMut::new();
    loop {
        buffer.reserve(READ);
        match timeout(idle, stream.read_buf(&mut buffer)).await {
            // Silence is no loss: what was begun tells whether something is missing.
            Ok(Ok(0)) | Err(_) => return Some((files, !buffer.is_empty())),
            Ok(Ok(_)) => {}
            Ok(Err(_)) => return Some((files, true)),
        }
        let Ok(requests) = requests(&mut buffer) else {
            warn!("a client sent a request that is longer than any; its session is ended");
            return Some((files, true));
        };
        if requests.is_empty() {
            continue;
        }
        let (answered, answers) =
            task::spawn_blocking(move || answer(files, requests)).await.ok()?;
        files = answered;
        let Ok(answers) = answers else { return Some((files, true)) };
        let sent = timeout(idle, stream.write_all(&answers)).await;
        if !matches!(sent, Ok(Ok(()))) || stream.flush().await.is_err() {
            return Some((files, true));
        }
    }
}

/// Takes the requests out of the buffer that are there from their first to their last byte.
fn requests(buffer: &mut BytesMut) -> io::Result<Vec<Bytes>> {
    let mut requests = Vec::new();
    while let Some(length) = buffer.first_chunk() {
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        if length == 0 || length > LONGEST {
            return Err(io::ErrorKind::InvalidData.into());
        }
        if buffer.len() < 4 + length {
            break;
        }
        buffer.advance(4);
        requests.push(buffer.split_to(length).freeze());
    }
    Ok(requests)
}

fn answer(mut files: Files, requests: Vec<Bytes>) -> (Files, io::Result<Vec<u8>>) {
    let mut answers = Vec::new();
    for request in requests {
        let answer: Packet = session::answer(&mut files, request);
        match Bytes::try_from(answer) {
            Ok(bytes) => answers.extend_from_slice(&bytes),
            Err(_) => return (files, Err(io::ErrorKind::InvalidData.into())),
        }
    }
    (files, Ok(answers))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_taken_when_they_are_complete() {
        let check = |bytes: &[u8], expected: Option<(&[&[u8]], usize)>| {
            let mut buffer = BytesMut::from(bytes);
            let found = requests(&mut buffer).ok().map(|it| (it, buffer.len()));
            let expected = expected.map(|(all, left)| {
                (all.iter().map(|it| Bytes::copy_from_slice(it)).collect(), left)
            });
            assert_eq!(found, expected, "{bytes:?}");
        };
        check(&[], Some((&[], 0)));
        check(&[0, 0, 0], Some((&[], 3)));
        check(&[0, 0, 0, 2, 7], Some((&[], 5)));
        check(&[0, 0, 0, 2, 7, 8], Some((&[&[7, 8]], 0)));
        check(&[0, 0, 0, 1, 7, 0, 0, 0, 1, 8, 0, 0], Some((&[&[7], &[8]], 2)));
        check(&[0, 0, 0, 0], None);
        check(&[0x7f, 0xff, 0xff, 0xff, 1], None);
    }
}
