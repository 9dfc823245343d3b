//! A made-up HTTP service on the loopback interface: answers from a function, with a log of requests and with faults.
//!
//! ```
//! use roster_testkit::http::{FakeHttp, HttpFault, HttpReply};
//!
//! let service = FakeHttp::start(|request| match request.path() {
//!     "/orgs" => HttpReply::json(&serde_json::json!({"orgs": []})).header("x-total-count", "0"),
//!     _ => HttpReply::status(404),
//! });
//! service.fault(HttpFault::TooMany { retry_after_secs: Some(1) }.on("/orgs").after(1).times(2));
//! assert!(service.url("/orgs").starts_with("http://127.0.0.1:"));
//! assert!(service.requests().is_empty());
//! ```

mod fault;
mod message;
mod server;

pub use fault::{FaultRule, HttpFault};
pub use message::{HttpReply, HttpRequest};

use server::Shared;
use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::{Arc, PoisonError, atomic::Ordering},
    thread::{self, JoinHandle},
};

/// An HTTP/1.1 service on a free port of the loopback interface, in a thread of its own; stops when it is dropped.
pub struct FakeHttp {
    shared: Arc<Shared>,
    address: SocketAddr,
    thread: Option<JoinHandle<()>>,
}

impl FakeHttp {
    /// Starts a service that answers with what `answer` says; the request is in the log before `answer` sees it.
    ///
    /// # Panics
    ///
    /// When no port or no thread can be had.
    #[must_use]
    pub fn start(answer: impl Fn(&HttpRequest) -> HttpReply + Send + Sync + 'static) -> Self {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("the loopback has a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        listener.set_nonblocking(true).expect("a listener can be made asynchronous");
        let shared = Arc::new(Shared::new(Box::new(answer)));
        let thread = thread::Builder::new().name("fake-http".to_owned());
        let thread = thread.spawn({
            let shared = shared.clone();
            move || server::run(listener, &shared)
        });
        Self { shared, address, thread: Some(thread.expect("a thread can be started")) }
    }

    /// The address of a path, such as `http://127.0.0.1:4711/orgs`; the path is put in as it is.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// All requests until now, in the order they came.
    #[must_use]
    pub fn requests(&self) -> Vec<HttpRequest> {
        self.shared.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Forgets the requests until now.
    pub fn clear_requests(&self) {
        self.shared.log.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Adds a fault; of several that fit a request, the one that was added first counts.
    pub fn fault(&self, rule: FaultRule) {
        self.shared.faults.lock().unwrap_or_else(PoisonError::into_inner).push(rule);
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.shared.faults.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The number of requests that are being answered.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.shared.in_flight.load(Ordering::SeqCst)
    }

    /// The most requests that were ever answered at the same time.
    #[must_use]
    pub fn most_in_flight(&self) -> usize {
        self.shared.most_in_flight.load(Ordering::SeqCst)
    }

    /// Breaks off all connections, and every new one at once.
    pub fn close(&self) {
        self.shared.closed.send_replace(true);
    }

    /// Undoes [`FakeHttp::close`].
    pub fn open(&self) {
        self.shared.closed.send_replace(false);
    }
}

impl Drop for FakeHttp {
    fn drop(&mut self) {
        self.shared.stop.notify_one();
        if let Some(thread) = self.thread.take() {
            // A panic of the service has shown in the test already.
            _ = thread.join();
        }
    }
}

impl fmt::Debug for FakeHttp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeHttp").field("address", &self.address).finish_non_exhaustive()
    }
}
