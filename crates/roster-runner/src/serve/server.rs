//! Listens, runs the engine beside it, and stops both safely.

#[cfg(feature = "drop")]
use super::uploads;
use super::{Access, Engine, Service, router};
use crate::{exit::Failure, settings::Settings};
use axum_server::{Handle, tls_rustls::RustlsConfig};
use roster_core::{Error, ErrorKind};
use std::{io, net::SocketAddr, path::PathBuf, time::Duration};
use tokio_util::sync::CancellationToken;

/// How long answers that are under way may take when the program stops.
const LAST_ANSWERS: Duration = Duration::from_secs(10);

/// Serves until `cancel` is cancelled and every night has ended.
///
/// # Errors
///
/// When it cannot begin: a token or certificate that cannot be read, an address that is taken.
pub async fn run(settings: Settings, cancel: CancellationToken) -> Result<(), Failure> {
    let listen = settings.serve.listen;
    let tls = settings.serve.tls.clone();
    let access = Access::load(&settings.serve.access)?;
    #[cfg(feature = "drop")]
    let drop = settings.drop.clone();
    let engine = Engine::new(settings, cancel.clone()).await?;
    let service = Service::new(engine.clone(), access);
    let tls = match tls {
        Some(files) => Some(certificate(files).await?),
        None => None,
    };
    let handle = Handle::new();
    let serving = listen_on(listen, tls, handle.clone(), &service)?;
    #[cfg(feature = "drop")]
    let drop = uploads::start(drop, &engine).await?;
    let turning = tokio::spawn(engine.run());
    tracing::info!(%listen, url = service.public_url(), "homeroom serves");
    let mut serving = tokio::spawn(serving);
    let broken = tokio::select! {
        ended = &mut serving => ended.ok().and_then(Result::err),
        () = cancel.cancelled() => None,
    };
    // Nights that cannot be looked at any more are still ended safely.
    cancel.cancel();
    tracing::info!("stopping: nights end first");
    #[cfg(feature = "drop")]
    if let Some(drop) = drop {
        drop.stop().await;
    }
    let turned = turning.await;
    handle.graceful_shutdown(Some(LAST_ANSWERS));
    if broken.is_none() {
        _ = serving.await;
    }
    if let Err(error) = turned {
        return Err(Error::new(ErrorKind::Internal, "serve.run", "the engine broke off")
            .source(error)
            .into());
    }
    broken.map_or(Ok(()), |err| Err(cannot_listen(listen, err)))
}

type Serving = std::pin::Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

/// Takes the address at once, so that one that is taken is told before anything starts.
fn listen_on(
    listen: SocketAddr,
    tls: Option<RustlsConfig>,
    handle: Handle<SocketAddr>,
    service: &Service,
) -> Result<Serving, Failure> {
    let listener = std::net::TcpListener::bind(listen)
        .and_then(|it| it.set_nonblocking(true).map(|()| it))
        .map_err(|err| cannot_listen(listen, err))?;
    let app = router(service).into_make_service_with_connect_info::<SocketAddr>();
    let cannot = |err| cannot_listen(listen, err);
    if let Some(tls) = tls {
        let server = axum_server::from_tcp_rustls(listener, tls).map_err(cannot)?;
        return Ok(Box::pin(server.handle(handle).serve(app)));
    }
    let server = axum_server::from_tcp(listener).map_err(cannot)?;
    Ok(Box::pin(server.handle(handle).serve(app)))
}

async fn certificate((certificate, key): (PathBuf, PathBuf)) -> Result<RustlsConfig, Failure> {
    // Another part of the process may have chosen a provider already; any will do.
    _ = rustls::crypto::ring::default_provider().install_default();
    RustlsConfig::from_pem_file(&certificate, &key).await.map_err(|err| {
        let message = "certificate or private key cannot be read; both are PEM files";
        let error = Error::new(ErrorKind::ConfigInvalid, "serve.tls", message);
        error
            .context("certificate", certificate.display())
            .context("key", key.display())
            .source(err)
            .into()
    })
}

fn cannot_listen(listen: SocketAddr, error: io::Error) -> Failure {
    let message =
        "the address cannot be listened on; see what else uses it, or set listen in [serve]";
    Error::new(ErrorKind::ConfigInvalid, "serve.listen", message)
        .context("listen", listen)
        .context("system", &error)
        .source(error)
        .into()
}
