//! A proxy that cuts a connection when the client commits.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    thread,
    time::Duration,
};

const PASS: u8 = 0;
/// The next commit reaches the server, its answer does not come back.
const CUT_ANSWER: u8 = 1;
/// The next commit does not reach the server.
const CUT_COMMIT: u8 = 2;

/// Stands between a client and the server.
pub(super) struct Proxy {
    pub(super) port: u16,
    state: Arc<AtomicU8>,
}

impl Proxy {
    /// Passes everything on to the server at `address`.
    pub(super) fn start(address: String) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(AtomicU8::new(PASS));
        let shared = state.clone();
        thread::spawn(move || {
            for client in listener.incoming() {
                let server = TcpStream::connect(&address).unwrap();
                pass(client.unwrap(), server, &shared);
            }
        });
        Self { port, state }
    }

    /// Cuts the next connection that commits, before or after the server hears of it; passes on those that follow.
    pub(super) fn cut_at_commit(&self, forwarded: bool) {
        self.state.store(if forwarded { CUT_ANSWER } else { CUT_COMMIT }, Ordering::SeqCst);
    }
}

fn pass(client: TcpStream, server: TcpStream, state: &Arc<AtomicU8>) {
    let (mut from_server, mut to_client) =
        (server.try_clone().unwrap(), client.try_clone().unwrap());
    let cut = Arc::new(AtomicU8::new(PASS));
    let (cut_here, state) = (cut.clone(), state.clone());
    thread::spawn(move || forward(client, server, &state, &cut_here));
    thread::spawn(move || {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(read @ 1..) = from_server.read(&mut buffer) {
            if cut.load(Ordering::SeqCst) != PASS || to_client.write_all(&buffer[..read]).is_err() {
                break;
            }
        }
        _ = to_client.shutdown(std::net::Shutdown::Both);
    });
}

fn forward(mut client: TcpStream, mut server: TcpStream, state: &AtomicU8, cut: &AtomicU8) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(read @ 1..) = client.read(&mut buffer) {
        let bytes = &buffer[..read];
        if bytes.windows(6).any(|it| it == b"COMMIT") {
            let wanted = state.swap(PASS, Ordering::SeqCst);
            cut.store(wanted, Ordering::SeqCst);
            if wanted == CUT_COMMIT {
                break;
            }
        }
        if server.write_all(bytes).is_err() {
            break;
        }
        if cut.load(Ordering::SeqCst) == CUT_ANSWER {
            // Time enough for the server to commit.
            thread::sleep(Duration::from_millis(300));
            break;
        }
    }
    _ = server.shutdown(std::net::Shutdown::Both);
    _ = client.shutdown(std::net::Shutdown::Both);
}
