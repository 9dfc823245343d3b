//! Encryption of the connection, as libpq's `sslmode` has it.

use roster_core::{Error, ErrorKind, Result};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_name,
    },
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _},
    server::ParsedCertificate,
};
use std::{env, path::PathBuf, str::FromStr, sync::Arc};
use tokio_postgres_rustls::MakeRustlsConnect;

/// What is asked of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// No encryption.
    Disable,
    /// Encryption if the server offers it; the server is not checked.
    Prefer,
    /// Encryption; the server is not checked.
    Require,
    /// A certificate of a trusted authority.
    VerifyCa,
    /// A certificate of a trusted authority for this host.
    VerifyFull,
}

impl FromStr for Mode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "disable" => Self::Disable,
            "prefer" => Self::Prefer,
            "require" => Self::Require,
            "verify-ca" => Self::VerifyCa,
            "verify-full" => Self::VerifyFull,
            _ => {
                return Err(
                    "sslmode is one of disable, prefer, require, verify-ca, verify-full".to_owned()
                );
            }
        })
    }
}

/// Mode and trusted certificates.
#[derive(Clone, Debug)]
pub(super) struct Tls {
    pub(super) mode: Mode,
    /// `sslrootcert`: a PEM file, or `system` for what the system trusts.
    pub(super) root: Option<PathBuf>,
}

impl Tls {
    /// What makes encrypted connections.
    pub(super) fn connector(&self) -> Result<MakeRustlsConnect> {
        let provider = Arc::new(ring::default_provider());
        let verifier = Arc::new(Verifier::new(self, provider.clone())?);
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|err| failed("TLS cannot be used").source(err))?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth();
        Ok(MakeRustlsConnect::new(config))
    }

    fn is_verified(&self) -> bool {
        matches!(self.mode, Mode::VerifyCa | Mode::VerifyFull)
    }

    /// The trusted certificates: those that are named, else libpq's own file, else the system's.
    fn roots(&self) -> Result<Vec<CertificateDer<'static>>> {
        let own = env::home_dir().map(|it| it.join(".postgresql").join("root.crt"));
        let named = self.root.clone().or_else(|| own.filter(|it| it.exists()));
        let Some(file) = named.filter(|it| it.as_os_str() != "system") else {
            return Ok(rustls_native_certs::load_native_certs().certs);
        };
        let certificates = CertificateDer::pem_file_iter(&file)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|err| {
                let message = "the file of sslrootcert cannot be read; name a file of certificates in PEM form";
                failed(message).context("file", file.display()).source(err)
            })?;
        if certificates.is_empty() {
            let message = "the file of sslrootcert holds no certificate in PEM form";
            return Err(failed(message).context("file", file.display()));
        }
        Ok(certificates)
    }
}

/// Checks as much of the server's certificate as the mode asks for.
#[derive(Debug)]
struct Verifier {
    mode: Mode,
    provider: Arc<CryptoProvider>,
    roots: Vec<CertificateDer<'static>>,
    /// `None` where nothing is trusted, nor checked.
    chain: Option<Arc<WebPkiServerVerifier>>,
}

impl Verifier {
    fn new(tls: &Tls, provider: Arc<CryptoProvider>) -> Result<Self> {
        let mode = tls.mode;
        if !tls.is_verified() {
            return Ok(Self { mode, provider, roots: Vec::new(), chain: None });
        }
        let roots = tls.roots()?;
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(roots.iter().cloned());
        let builder = WebPkiServerVerifier::builder_with_provider(store.into(), provider.clone());
        let chain = builder.build().map_err(|err| {
            failed("there is no trusted certificate; name a file of them as sslrootcert")
                .source(err)
        })?;
        Ok(Self { mode, provider, roots, chain: Some(chain) })
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(chain) = &self.chain else { return Ok(ServerCertVerified::assertion()) };
        let verified = if self.roots.contains(end_entity) {
            // A self-signed certificate that is itself trusted, which is no authority's.
            let certificate = ParsedCertificate::try_from(end_entity)?;
            verify_server_name(&certificate, server_name).map(|()| ServerCertVerified::assertion())
        } else {
            // The name is checked last, when everything else is right.
            chain.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
        };
        match verified {
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if self.mode == Mode::VerifyCa => Ok(ServerCertVerified::assertion()),
            verified => verified,
        }
    }

    // The signatures count in every mode: what is bound to the certificate when logging in holds only with them.
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn failed(message: &str) -> Error {
    Error::new(ErrorKind::ConfigInvalid, "postgres.tls", message)
}
