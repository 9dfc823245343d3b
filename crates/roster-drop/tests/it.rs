//! The drop as clients see it: what they may do, what is refused, and what becomes of what they have sent.

mod common;

use common::{Client, Drop, connect};
use roster_core::Secret;
use roster_drop::DropLimits;
use roster_tabular::INCOMPLETE;
use russh_sftp::protocol::{FileAttributes, OpenFlags};
use std::{
    fs,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::sleep,
};

async fn drop_with_client(limits: DropLimits) -> (Drop, Client, Secret<String>) {
    let drop = Drop::start(limits).await;
    let password = drop.login("lakeside");
    let client = Client::log_in(drop.port(), "lakeside", &password).await.expect("it is let in");
    (drop, client, password)
}

async fn eventually(what: impl Fn() -> bool) -> bool {
    let since = Instant::now();
    while !what() && since.elapsed() < Duration::from_secs(10) {
        sleep(Duration::from_millis(20)).await;
    }
    what()
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_sent_listed_replaced_renamed_and_deleted() {
    let (drop, client, _) = drop_with_client(DropLimits::default()).await;
    let text = vec![7; 100_000];
    client.put("/oneroster.zip", &text).await.unwrap();
    client.put("oneroster.zip", &text[..50_000]).await.unwrap();
    client.sftp.mkdir("set", FileAttributes::empty()).await.unwrap();
    client.put("set/users.csv", b"a").await.unwrap();
    client.put("b.tmp", b"bb").await.unwrap();
    client.sftp.rename("b.tmp", "set/orgs.csv").await.unwrap();
    client.sftp.rename("set/users.csv", "set/orgs.csv").await.unwrap();
    let size = client.sftp.stat("set/orgs.csv").await.unwrap().attrs.size;
    assert_eq!(size, Some(1), "the older file of this name is replaced");
    let folder = client.sftp.opendir("/").await.unwrap().handle;
    let names: Vec<_> = client
        .sftp
        .readdir(&folder)
        .await
        .unwrap()
        .files
        .into_iter()
        .map(|it| it.filename)
        .collect();
    assert_eq!(names, ["oneroster.zip", "set"]);
    assert!(client.sftp.readdir(&folder).await.is_err(), "that is all");
    client.sftp.remove("set/orgs.csv").await.unwrap();
    client.sftp.rmdir("set").await.unwrap();
    client.quit().await;
    assert_eq!(drop.finished(1).await, ["lakeside"]);
    assert_eq!(drop.listing("lakeside"), [("oneroster.zip".to_owned(), 50_000)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_can_be_fetched() {
    let (_drop, client, _) = drop_with_client(DropLimits::default()).await;
    client.put("oneroster.zip", b"CANARY").await.unwrap();
    let read = client.sftp.open("oneroster.zip", OpenFlags::READ, FileAttributes::empty()).await;
    assert!(read.unwrap_err().to_string().contains("not fetched"));
    let flags = OpenFlags::READ | OpenFlags::WRITE;
    let handle =
        client.sftp.open("oneroster.zip", flags, FileAttributes::empty()).await.unwrap().handle;
    assert!(client.sftp.read(handle, 0, 10).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn ways_out_are_refused() {
    let (drop, client, _) = drop_with_client(DropLimits::default()).await;
    drop.login("riverton");
    let outside = drop.folder.path().join("outside");
    fs::write(drop.path("riverton/their.zip"), "CANARY").unwrap();
    #[cfg(unix)]
    {
        fs::create_dir(&outside).unwrap();
        std::os::unix::fs::symlink(&outside, drop.path("lakeside/link")).unwrap();
        std::os::unix::fs::symlink(drop.path("riverton/their.zip"), drop.path("lakeside/link.zip"))
            .unwrap();
    }
    client.put("own.zip", b"own").await.unwrap();
    let ways = [
        "../riverton/their.zip",
        "/../riverton/their.zip",
        "set/../../riverton/x.zip",
        "//../x",
        "..",
        "link/x.csv",
        "link.zip",
        ".homeroom-incomplete",
        "taken/x.zip",
        "a\\..\\..\\x",
        "\u{ff0e}\u{ff0e}/x",
        "x\u{202e}piz",
        "x\ny",
        "x\0y",
        "a/b/c",
    ];
    for way in ways {
        assert!(client.put(way, b"x").await.is_err(), "{way:?} is written");
        assert!(client.sftp.rename("own.zip", way).await.is_err(), "{way:?} is renamed to");
        assert!(client.sftp.rename(way, "stolen.zip").await.is_err(), "{way:?} is renamed from");
        assert!(client.sftp.remove(way).await.is_err(), "{way:?} is deleted");
        assert!(client.sftp.opendir(way).await.is_err(), "{way:?} is listed");
        assert!(client.sftp.stat(way).await.is_err(), "{way:?} is told of");
        assert!(client.sftp.mkdir(way, FileAttributes::empty()).await.is_err(), "{way:?} is made");
    }
    assert!(client.sftp.symlink("/etc/passwd", "new").await.is_err());
    assert!(client.sftp.symlink("new", "/etc/passwd").await.is_err());
    assert!(client.sftp.readlink("link").await.is_err());
    let top = client.sftp.realpath("../..").await.unwrap().files.remove(0).filename;
    assert_eq!(top, "/");
    assert_eq!(fs::read(drop.path("riverton/their.zip")).unwrap(), b"CANARY");
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
    client.put("own.zip", b"still works").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_no_shell_no_forwarding_and_no_other_subsystem() {
    let (_drop, client, _) = drop_with_client(DropLimits::default()).await;
    assert!(
        client.handle.channel_open_direct_tcpip("127.0.0.1", 22, "127.0.0.1", 1).await.is_err()
    );
    assert!(client.handle.tcpip_forward("127.0.0.1", 0).await.is_err());
    assert!(client.handle.channel_open_x11("127.0.0.1", 1).await.is_err());
    let channel = client.handle.channel_open_session().await.unwrap();
    _ = channel.request_subsystem(true, "shell").await;
    let mut channel = client.handle.channel_open_session().await.unwrap();
    channel.exec(true, "id").await.unwrap();
    let mut told = Vec::new();
    while let Some(message) = channel.wait().await {
        told.push(format!("{message:?}"));
    }
    assert!(
        told.iter().all(|it| !it.starts_with("Data") && !it.starts_with("Success")),
        "{told:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_breaks_leaves_the_file_before_and_no_half_one() {
    let (drop, client, password) = drop_with_client(DropLimits::default()).await;
    client.put("oneroster.zip", b"yesterday").await.unwrap();
    assert_eq!(drop.finished(1).await.len(), 1);
    let handle = client.create("oneroster.zip").await.unwrap();
    client.sftp.write(&handle, 0, vec![1; 30_000]).await.unwrap();
    assert_eq!(fs::read(drop.path("lakeside/oneroster.zip")).unwrap(), b"yesterday");
    std::mem::drop(client);
    let alone = || drop.listing("lakeside") == [("oneroster.zip".to_owned(), 9)];
    assert!(eventually(alone).await, "{:?}", drop.listing("lakeside"));
    // What is sent under a temporary name can be gone on with.
    let client = Client::log_in(drop.port(), "lakeside", &password).await.unwrap();
    let handle = client.create("oneroster.zip.filepart").await.unwrap();
    client.sftp.write(&handle, 0, vec![1; 30_000]).await.unwrap();
    std::mem::drop(client);
    let client = Client::log_in(drop.port(), "lakeside", &password).await.unwrap();
    let flags = OpenFlags::WRITE;
    let handle = client
        .sftp
        .open("oneroster.zip.filepart", flags, FileAttributes::empty())
        .await
        .unwrap()
        .handle;
    client.sftp.write(&handle, 30_000, vec![2; 10]).await.unwrap();
    client.sftp.close(&handle).await.unwrap();
    client.sftp.rename("oneroster.zip.filepart", "oneroster.zip").await.unwrap();
    client.quit().await;
    assert_eq!(drop.finished(2).await.len(), 2);
    assert_eq!(drop.listing("lakeside"), [("oneroster.zip".to_owned(), 30_010)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_set_of_several_files_is_marked_until_the_rest_has_come() {
    let (drop, client, password) = drop_with_client(DropLimits::default()).await;
    let marked = || drop.path("lakeside").join(INCOMPLETE).exists();
    client.put("orgs.csv", b"new").await.unwrap();
    client.create("users.csv").await.unwrap();
    assert!(marked());
    std::mem::drop(client);
    sleep(Duration::from_millis(800)).await;
    assert!(marked() && drop.finished(0).await.is_empty(), "half a set would be taken");
    let client = Client::log_in(drop.port(), "lakeside", &password).await.unwrap();
    for name in ["orgs.csv", "users.csv"] {
        client.put(name, b"new").await.unwrap();
    }
    client.quit().await;
    assert_eq!(drop.finished(1).await, ["lakeside"]);
    assert!(!marked());
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_are_limited_in_bytes_and_in_files() {
    let limits = DropLimits { max_bytes: 100_000, max_files: 100, ..DropLimits::default() };
    let (drop, client, _) = drop_with_client(limits).await;
    assert!(client.put("big.zip", &[0; 100_001]).await.unwrap_err().contains("full"));
    let handle = client.create("sparse.zip").await.unwrap();
    assert!(client.sftp.write(&handle, u64::MAX - 3, vec![1; 10]).await.is_err());
    assert!(client.sftp.write(&handle, 1 << 40, vec![1]).await.is_err());
    assert!(client.sftp.close(&handle).await.is_err(), "it is not what was sent");
    client.put("fits.zip", &[0; 90_000]).await.unwrap();
    client.put("fits.zip", &[0; 10_000]).await.unwrap();
    let mut refused = 0;
    for number in 0..10_000 {
        refused += usize::from(client.put(&format!("{number}.zip"), b"").await.is_err());
    }
    assert_eq!(refused, 10_000 - 99);
    assert_eq!(drop.listing("lakeside").len(), 100);
    client.put("fits.zip", b"it can still be replaced").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_passwords_in_bulk_lock_an_address_out_and_nobody_in() {
    let limits = DropLimits { max_failed_logins: 3, lockout_secs: 3, ..DropLimits::default() };
    let (drop, client, password) = drop_with_client(limits).await;
    let wrong = Secret::new("CANARY".to_owned());
    for login in ["lakeside", "nobody", "../lakeside", "lakeside"] {
        assert!(Client::log_in(drop.port(), login, &wrong).await.is_none());
    }
    assert!(Client::log_in(drop.port(), "lakeside", &password).await.is_none(), "it is locked out");
    client.put("oneroster.zip", b"who is in goes on").await.unwrap();
    sleep(Duration::from_millis(3100)).await;
    assert!(Client::log_in(drop.port(), "lakeside", &password).await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_is_void_as_soon_as_it_is_removed_or_renewed() {
    let (drop, _client, password) = drop_with_client(DropLimits::default()).await;
    let renewed = drop.logins.renew_password("lakeside").unwrap();
    assert!(Client::log_in(drop.port(), "lakeside", &password).await.is_none());
    assert!(Client::log_in(drop.port(), "lakeside", &renewed).await.is_some());
    drop.logins.remove("lakeside").unwrap();
    assert!(Client::log_in(drop.port(), "lakeside", &renewed).await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_was_allowed_to_logs_in_where_old_algorithms_are_spoken() {
    let (drop, _client, password) = drop_with_client(DropLimits::default()).await;
    let legacy = drop.server.legacy_address().unwrap().port();
    assert!(Client::log_in(legacy, "lakeside", &password).await.is_none());
    let old = drop.logins.add("riverton", &[], true, true).unwrap().unwrap();
    assert!(Client::log_in(legacy, "riverton", &old).await.is_some());
    assert!(Client::log_in(drop.port(), "riverton", &old).await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_are_slow_to_log_in_are_cut_off_and_others_go_on() {
    let limits = DropLimits {
        login_secs: 1,
        max_connections_per_address: 40,
        max_connections: 40,
        ..DropLimits::default()
    };
    let (drop, client, password) = drop_with_client(limits).await;
    let mut slow = Vec::new();
    for number in 0..38 {
        let mut stream = TcpStream::connect(("127.0.0.1", drop.port())).await.unwrap();
        let start: &[u8] = match number % 3 {
            0 => b"",
            1 => b"SSH-2.0-Slow\r\n",
            _ => b"SSH-2.0-Slow\r\n\x00\x00\x10\x00\x0a\x14",
        };
        stream.write_all(start).await.unwrap();
        slow.push(stream);
    }
    client.put("oneroster.zip", b"works").await.unwrap();
    sleep(Duration::from_millis(1500)).await;
    for mut stream in slow {
        let mut rest = Vec::new();
        let ended =
            tokio::time::timeout(Duration::from_secs(2), stream.read_to_end(&mut rest)).await;
        assert!(ended.is_ok(), "a connection that did not log in is still open");
    }
    assert!(Client::log_in(drop.port(), "lakeside", &password).await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_clients_are_sent_away() {
    let limits = DropLimits { idle_secs: 1, ..DropLimits::default() };
    let (_drop, client, _) = drop_with_client(limits).await;
    client.put("oneroster.zip", b"works").await.unwrap();
    sleep(Duration::from_millis(2500)).await;
    assert!(client.handle.is_closed());
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_ends_its_session_and_no_other() {
    let (drop, client, password) = drop_with_client(DropLimits::default()).await;
    let nonsense: [&[u8]; 6] = [
        &[0x7f, 0xff, 0xff, 0xff, 1, 2, 3],
        &[0, 0, 0, 0],
        &[0, 0, 0, 1, 250],
        &[0, 0, 0, 9, 3, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff],
        &[0, 0, 0, 5, 6, 0, 0, 0],
        b"GET / HTTP/1.1\r\nHost: drop\r\n\r\n",
    ];
    for bytes in nonsense {
        let mut handle = connect(drop.port()).await.unwrap();
        assert!(
            handle.authenticate_password("lakeside", password.expose()).await.unwrap().success()
        );
        let channel = handle.channel_open_session().await.unwrap();
        channel.request_subsystem(true, "sftp").await.unwrap();
        let mut stream = channel.into_stream();
        stream.write_all(bytes).await.unwrap();
        _ = stream.shutdown().await;
        let mut answer = Vec::new();
        let ended =
            tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut answer)).await;
        assert!(ended.is_ok(), "{bytes:?} is waited for");
        assert!(answer.len() < 200, "{bytes:?} has a long answer");
    }
    for bytes in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0; 100_000], &[0xff; 100_000]] {
        let mut stream = TcpStream::connect(("127.0.0.1", drop.port())).await.unwrap();
        _ = stream.write_all(bytes).await;
        let mut answer = Vec::new();
        let ended =
            tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut answer)).await;
        assert!(ended.is_ok() && answer.len() < 5_000);
    }
    client.put("oneroster.zip", b"works").await.unwrap();
    let files = drop.listing("lakeside");
    assert_eq!(files, [("oneroster.zip".to_owned(), 5)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_sessions_at_once_lose_nothing() {
    let drop = Drop::start(DropLimits::default()).await;
    let logins: Vec<_> = (0..5).map(|it| format!("district-{it}")).collect();
    let passwords: Vec<_> = logins.iter().map(|it| drop.login(it)).collect();
    let text: Vec<u8> = (0..500_000_u32).flat_map(u32::to_le_bytes).collect();
    let mut sending = Vec::new();
    for number in 0..25 {
        let (login, password) = (logins[number % 5].clone(), passwords[number % 5].clone());
        let (port, text) = (drop.port(), text.clone());
        sending.push(tokio::spawn(async move {
            let client = Client::log_in(port, &login, &password).await.expect("it is let in");
            client.put(&format!("{number}.zip"), &text).await.expect("it is sent");
            client.quit().await;
        }));
    }
    for sent in sending {
        sent.await.unwrap();
    }
    for number in 0..25 {
        let path = drop.path(&format!("district-{}/{number}.zip", number % 5));
        assert!(fs::read(&path).unwrap() == text, "{} is not what was sent", path.display());
    }
    sleep(Duration::from_millis(1100)).await;
    let mut told = drop.finished(5).await;
    told.sort();
    told.dedup();
    assert_eq!(told, logins);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_and_passwords_are_not_in_the_log() {
    use std::sync::{Arc, Mutex};
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);
    impl std::io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(move || writer.clone())
        .with_max_level(tracing_subscriber::filter::LevelFilter::DEBUG);
    tracing_subscriber::util::SubscriberInitExt::try_init(subscriber).unwrap();
    let (drop, client, _) = drop_with_client(DropLimits::default()).await;
    let wrong = Secret::new("CANARY-password".to_owned());
    assert!(Client::log_in(drop.port(), "CANARY-login", &wrong).await.is_none());
    assert!(client.put("../CANARY-name\u{1b}[2J", b"CANARY-content").await.is_err());
    client.put("oneroster.zip", b"CANARY-content").await.unwrap();
    client.quit().await;
    drop.finished(1).await;
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("a login failed") && log.contains("a path was refused"), "{log}");
    assert!(!log.contains("CANARY"), "{log}");
}
