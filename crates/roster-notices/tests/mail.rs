//! Messages through a real SMTP server and to a receiver of webhooks.
//!
//! The server is Python's aiosmtpd, in the Python that `HOMEROOM_PYTHON` names or `python3`; certificates are made with
//! `openssl`.  Where either is missing, tests say that they were ignored.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use libtest_mimic::{Arguments, Trial};
use roster_core::{ErrorKind, RunContext, Secret};
use roster_credentials::CredentialPlace;
use roster_http::ClientConfig;
use roster_notices::{
    Channel, Kind, MailConfig, MailSecurity, Message, Notice, Notifier, Recipient,
    SIGNATURE_HEADER, TIMESTAMP_HEADER, WebhookConfig, group, signature,
};
use std::{
    env, fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpListener,
    path::Path,
    process::{Child, Command, ExitCode, Stdio},
    thread,
};

fn main() -> ExitCode {
    let missing = missing();
    let mail = |name: &'static str, test: fn()| {
        let kind = missing.clone().unwrap_or_default();
        Trial::test(name, move || {
            test();
            Ok(())
        })
        .with_ignored_flag(missing.is_some())
        .with_kind(kind)
    };
    let tests = vec![
        mail("mail_goes_out_over_tls", || check_mail("tls", MailSecurity::Tls)),
        mail("mail_goes_out_over_starttls", || check_mail("starttls", MailSecurity::Starttls)),
        mail("refused_password_is_told_without_it", refused_password_is_told_without_it),
        mail(
            "server_that_is_not_trusted_gets_no_password",
            server_that_is_not_trusted_gets_no_password,
        ),
        Trial::test("webhook_is_signed_and_shown_by_slack", || {
            webhook_is_signed();
            Ok(())
        }),
        Trial::test("webhook_that_refuses_is_told_without_its_address", || {
            webhook_that_refuses();
            Ok(())
        }),
    ];
    libtest_mimic::run(&Arguments::from_args(), tests).exit_code()
}

fn python() -> String {
    env::var("HOMEROOM_PYTHON").ok().filter(|it| !it.is_empty()).unwrap_or("python3".to_owned())
}

/// Why mail cannot be tested here.
fn missing() -> Option<String> {
    let runs = |program: &str, arguments: &[&str]| {
        let status = Command::new(program)
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        status.is_ok_and(|it| it.success())
    };
    if !runs(&python(), &["-c", "import aiosmtpd"]) {
        return Some("Python has no aiosmtpd".to_owned());
    }
    (!runs("openssl", &["version"])).then(|| "there is no openssl".to_owned())
}

struct Server {
    child: Child,
    folder: tempfile::TempDir,
    port: u16,
}

impl Server {
    fn start(security: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = |it: &str| folder.path().join(it).display().to_string();
        certificate(&file("cert.pem"), &file("key.pem"));
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/server.py");
        let mut child = Command::new(python())
            .arg(script)
            .args([
                folder.path().display().to_string(),
                security.to_owned(),
                file("cert.pem"),
                file("key.pem"),
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim().parse().unwrap();
        Self { child, folder, port }
    }

    fn notifier(&self, security: MailSecurity, password: &str) -> Notifier {
        let file = self.folder.path().join("password");
        fs::write(&file, password).unwrap();
        Notifier::new(Some(MailConfig {
            host: "localhost".to_owned(),
            port: Some(self.port),
            security,
            user: Some("homeroom".to_owned()),
            password: Some(CredentialPlace::file(file)),
            from: "Homeroom <homeroom@example.com>".to_owned(),
            certificate_authority: Some(self.folder.path().join("cert.pem")),
        }))
    }

    fn mails(&self) -> Vec<String> {
        let files = fs::read_dir(self.folder.path()).unwrap().map(|it| it.unwrap().path());
        let mails = files.filter(|it| it.extension().is_some_and(|it| it == "eml"));
        mails.map(|it| fs::read_to_string(it).unwrap()).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

fn certificate(file: &str, key: &str) {
    let arguments = [
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=DNS:localhost",
        "-addext",
        "basicConstraints=critical,CA:FALSE",
        "-keyout",
        key,
        "-out",
        file,
    ];
    let made = Command::new("openssl").args(arguments).stderr(Stdio::null()).status().unwrap();
    assert!(made.success());
}

fn notices() -> Vec<Notice> {
    let notice = |district: &str| Notice {
        kind: Kind::Held,
        district: district.to_owned(),
        key: "users/district/deleted".to_owned(),
        text: "1,052 of 9,870 users would be deleted; they stay".to_owned(),
        link: Some(format!("https://homeroom.example.com/districts/{district}")),
    };
    vec![notice("lakeside"), notice("hillcrest")]
}

fn message() -> Message {
    let recipient =
        Recipient { channel: Channel::Mail("a@example.com".to_owned()), about: vec![Kind::Held] };
    group(&notices(), |_| vec![&recipient]).remove(0).1
}

fn send(notifier: &Notifier, channel: &Channel) -> roster_core::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(notifier.send(channel, &message(), &RunContext::detached()))
}

fn to_ann() -> Channel {
    Channel::Mail("Ann <ann@example.com>".to_owned())
}

fn check_mail(word: &str, security: MailSecurity) {
    let server = Server::start(word);
    send(&server.notifier(security, "CANARY-right"), &to_ann()).unwrap();
    let mails = server.mails();
    assert_eq!(mails.len(), 1);
    for part in [
        "Subject: Homeroom: 2 held",
        "ann@example.com",
        "Auto-Submitted: auto-generated",
        "- lakeside: 1,052 of",
    ] {
        assert!(mails[0].contains(part), "{part}: {}", mails[0]);
    }
}

fn refused_password_is_told_without_it() {
    let server = Server::start("tls");
    let error = send(&server.notifier(MailSecurity::Tls, "CANARY-wrong"), &to_ann()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AuthFailed, "{error}");
    assert!(!format!("{error} {error:?}").contains("CANARY"), "{error:?}");
    assert!(server.mails().is_empty());
}

fn server_that_is_not_trusted_gets_no_password() {
    let (server, other) = (Server::start("tls"), Server::start("tls"));
    fs::copy(other.folder.path().join("cert.pem"), server.folder.path().join("cert.pem")).unwrap();
    let error = send(&server.notifier(MailSecurity::Tls, "CANARY-right"), &to_ann()).unwrap_err();
    assert!(error.to_string().contains("mail server"), "{error}");
    assert!(server.mails().is_empty());
}

/// Takes one request and answers it; gives its head and body.
fn receiver(status: &'static str) -> (u16, thread::JoinHandle<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let thread = thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(found) = line.strip_prefix("content-length: ") {
                length = found.parse().unwrap();
            }
            head.push_str(&line);
            head.push('\n');
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            .unwrap();
        (head, body)
    });
    (port, thread)
}

fn webhook(folder: &Path, port: u16) -> Channel {
    fs::write(folder.join("url"), format!("http://127.0.0.1:{port}/CANARY-path")).unwrap();
    fs::write(folder.join("secret"), "CANARY-secret").unwrap();
    let place = |it: &str| CredentialPlace::file(folder.join(it));
    Channel::Webhook(WebhookConfig { url: place("url"), secret: Some(place("secret")) })
}

fn notifier() -> Notifier {
    let config = ClientConfig { proxy: Some("none".to_owned()), ..ClientConfig::default() };
    Notifier::new(None).with_client(config)
}

fn webhook_is_signed() {
    let folder = tempfile::tempdir().unwrap();
    let (port, receiver) = receiver("200 OK");
    send(&notifier(), &webhook(folder.path(), port)).unwrap();
    let (head, body) = receiver.join().unwrap();
    let header = |name: &str| {
        let start = format!("{name}: ");
        head.lines().find_map(|it| it.strip_prefix(&start)).unwrap().to_owned()
    };
    let secret = Secret::new("CANARY-secret".to_owned());
    assert_eq!(header(SIGNATURE_HEADER), signature(&secret, &header(TIMESTAMP_HEADER), &body));
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert!(body["text"].as_str().unwrap().contains("- hillcrest: 1,052"), "{body}");
    assert_eq!(body["notices"].as_array().unwrap().len(), 2);
}

fn webhook_that_refuses() {
    let folder = tempfile::tempdir().unwrap();
    let (port, receiver) = receiver("410 Gone");
    let channel = webhook(folder.path(), port);
    let error = send(&notifier(), &channel).unwrap_err();
    receiver.join().unwrap();
    assert!(error.to_string().contains("status=410"), "{error}");
    assert!(!format!("{error:?} {channel:?} {}", channel.name()).contains("CANARY"), "{error:?}");
}
