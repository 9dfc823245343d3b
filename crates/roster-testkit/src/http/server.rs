//! The server: accepts, answers, breaks off.

use super::{
    fault::{FaultRule, HttpFault},
    message::{HttpReply, HttpRequest},
};
use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream};
use http_body_util::{BodyExt as _, StreamBody};
use hyper::{
    Request, Response,
    body::{Frame, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use std::{
    io,
    net::TcpListener,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    net::TcpStream,
    runtime,
    sync::{Notify, watch},
    time,
};

type Answer = dyn Fn(&HttpRequest) -> HttpReply + Send + Sync;

/// What the service and its handle have in common.
pub(super) struct Shared {
    answer: Box<Answer>,
    pub(super) log: Mutex<Vec<HttpRequest>>,
    pub(super) faults: Mutex<Vec<FaultRule>>,
    pub(super) in_flight: AtomicUsize,
    pub(super) most_in_flight: AtomicUsize,
    pub(super) closed: watch::Sender<bool>,
    pub(super) stop: Notify,
}

impl Shared {
    pub(super) fn new(answer: Box<Answer>) -> Self {
        Self {
            answer,
            log: Mutex::default(),
            faults: Mutex::default(),
            in_flight: AtomicUsize::new(0),
            most_in_flight: AtomicUsize::new(0),
            closed: watch::channel(false).0,
            stop: Notify::new(),
        }
    }

    fn fault(&self, request: &HttpRequest) -> Option<HttpFault> {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        faults.iter_mut().find_map(|it| it.take(request))
    }
}

/// Counts a request for as long as it is being answered.
struct InFlight(Arc<Shared>);

impl InFlight {
    fn new(shared: &Arc<Shared>) -> Self {
        let now = shared.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        shared.most_in_flight.fetch_max(now, Ordering::SeqCst);
        Self(shared.clone())
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Serves until it is told to stop.
pub(super) fn run(listener: TcpListener, shared: &Arc<Shared>) {
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime can be made");
    runtime.block_on(async {
        tokio::select! {
            () = shared.stop.notified() => {}
            () = accept(listener, shared) => {}
        }
    });
}

async fn accept(listener: TcpListener, shared: &Arc<Shared>) {
    let listener = tokio::net::TcpListener::from_std(listener).expect("the listener is ready");
    loop {
        if let Ok((stream, _)) = listener.accept().await
            && !*shared.closed.borrow()
        {
            tokio::spawn(serve(stream, shared.clone()));
        }
    }
}

/// Serves a connection until it ends or the service is closed.
async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let mut closed = shared.closed.subscribe();
    let service = service_fn(|request| respond(request, shared.clone()));
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        _ = connection => {}
        _ = closed.wait_for(|it| *it) => {}
    }
}

type Body = StreamBody<stream::BoxStream<'static, io::Result<Frame<Bytes>>>>;

async fn respond(request: Request<Incoming>, shared: Arc<Shared>) -> io::Result<Response<Body>> {
    let in_flight = InFlight::new(&shared);
    let request = received(request).await?;
    shared.log.lock().unwrap_or_else(PoisonError::into_inner).push(request.clone());
    let fault = shared.fault(&request);
    if fault == Some(HttpFault::NoAnswer) {
        return Err(io::ErrorKind::ConnectionAborted.into());
    }
    let reply = (shared.answer)(&request);
    let reply = fault.map_or(reply.clone(), |it| it.spoil(reply));
    let mut response = Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        response = response.header(name, value);
    }
    if reply.status != 204 {
        response = response.header("content-length", reply.body.len());
    }
    let body = StreamBody::new(pieces(&reply.body, fault, in_flight).boxed());
    response.body(body).map_err(io::Error::other)
}

async fn received(request: Request<Incoming>) -> io::Result<HttpRequest> {
    let (head, body) = request.into_parts();
    let text =
        |it: &hyper::header::HeaderValue| String::from_utf8_lossy(it.as_bytes()).into_owned();
    let headers = head.headers.iter().map(|(name, value)| (name.to_string(), text(value)));
    let target = head.uri.path_and_query().map_or("/", |it| it.as_str());
    Ok(HttpRequest {
        method: head.method.to_string(),
        target: target.to_owned(),
        headers: headers.collect(),
        body: body.collect().await.map_err(io::Error::other)?.to_bytes(),
    })
}

/// The body in one piece or in several; holds the request in flight until the last one is sent.
fn pieces(
    body: &Bytes,
    fault: Option<HttpFault>,
    in_flight: InFlight,
) -> impl Stream<Item = io::Result<Frame<Bytes>>> + Send + use<> {
    let pause = match fault {
        Some(HttpFault::SlowBody(pause)) => pause,
        _ => Duration::ZERO,
    };
    let number = if pause.is_zero() { 1 } else { 4 };
    let length = body.len().div_ceil(number).max(1);
    let mut parts: Vec<io::Result<Bytes>> = (0..body.len())
        .step_by(length)
        .map(|it| Ok(body.slice(it..body.len().min(it + length))))
        .collect();
    if fault == Some(HttpFault::CutBody) {
        let half = body.slice(..body.len() / 2);
        parts = vec![Ok(half), Err(io::ErrorKind::ConnectionAborted.into())];
    }
    stream::unfold((parts.into_iter(), in_flight), move |(mut parts, in_flight)| async move {
        let part = parts.next()?;
        if part.is_err() {
            // What was sent before leaves the machine first.
            time::sleep(Duration::from_millis(1)).await;
        } else if !pause.is_zero() {
            time::sleep(pause).await;
        }
        Some((part.map(Frame::data), (parts, in_flight)))
    })
}
