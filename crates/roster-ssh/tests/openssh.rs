//! Connections to OpenSSH's server: who is recognized, who is let in, what goes through.

use libtest_mimic::{Arguments, Failed, Trial};
use roster_core::ErrorKind;
use roster_ssh::{Connection, RemoteKind, SecretSource, SshConfig};
use roster_testkit::Sshd;
use std::{fs, process::ExitCode, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// More than what is encrypted with one key.
const MORE_THAN_ONE_KEY: u64 = 640 << 20;

type Test = fn() -> Result<(), Failed>;

const TESTS: [(&str, Test); 8] = [
    ("a_key_logs_in_and_files_are_listed_and_read", a_key_logs_in_and_files_are_listed_and_read),
    ("an_encrypted_key_needs_its_passphrase", an_encrypted_key_needs_its_passphrase),
    ("servers_are_recognized_by_their_host_key", servers_are_recognized_by_their_host_key),
    ("a_refused_login_says_what_to_check", a_refused_login_says_what_to_check),
    ("old_algorithms_have_to_be_named", old_algorithms_have_to_be_named),
    ("a_tunnel_survives_new_keys", a_tunnel_survives_new_keys),
    ("a_tunnel_into_nothing_closes_its_connections", a_tunnel_into_nothing_closes_its_connections),
    ("a_server_that_is_silent_is_given_up", a_server_that_is_silent_is_given_up),
];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let missing = Sshd::start(&[]).err();
    let trials = TESTS.map(|(name, test)| match &missing {
        None => Trial::test(name, test),
        Some(reason) => {
            Trial::test(format!("{name} ({reason})"), || Ok(())).with_ignored_flag(true)
        }
    });
    libtest_mimic::run(&arguments, trials.into()).exit_code()
}

fn config(server: &Sshd) -> SshConfig {
    SshConfig {
        host: "127.0.0.1".into(),
        port: server.port(),
        username: server.user().into(),
        key_file: Some(server.key()),
        host_keys: vec![server.host_key()],
        ..SshConfig::default()
    }
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime can be made").block_on(future)
}

fn a_key_logs_in_and_files_are_listed_and_read() -> Result<(), Failed> {
    let server = Sshd::start(&[])?;
    let files = server.files();
    let text: Vec<u8> = (0..3_000_000_u32).flat_map(u32::to_le_bytes).collect();
    fs::write(files.join("b.zip"), &text)?;
    fs::write(files.join("a.csv"), "")?;
    fs::create_dir(files.join("set"))?;
    wait(async {
        let sftp = Connection::open(&config(&server)).await?.sftp().await?;
        let folder = files.to_str().ok_or("the folder is text")?;
        let listed = sftp.list(folder).await?;
        let listed: Vec<_> =
            listed.iter().map(|it| (it.name.as_str(), it.kind, it.bytes)).collect();
        let sizes = (listed[0].2, listed[1].2);
        assert_eq!(
            listed.iter().map(|it| (it.0, it.1)).collect::<Vec<_>>(),
            [("a.csv", RemoteKind::File), ("b.zip", RemoteKind::File), ("set", RemoteKind::Folder)]
        );
        assert_eq!(sizes, (0, 12_000_000));
        let mut read = Vec::new();
        sftp.read(&format!("{folder}/b.zip")).await?.read_to_end(&mut read).await?;
        assert!(read == text, "the file is not what was written");
        let missing = sftp.stat(&format!("{folder}/c.zip")).await.expect_err("it is not there");
        assert_eq!(missing.kind(), ErrorKind::NotFound);
        Ok(())
    })
}

fn an_encrypted_key_needs_its_passphrase() -> Result<(), Failed> {
    let server = Sshd::start(&[])?;
    let (key, passphrase) = server.encrypted_key();
    let folder = tempfile::tempdir()?;
    let check = |text: Option<&str>, expected: Option<&str>| -> Result<(), Failed> {
        let file = folder.path().join("passphrase");
        fs::write(&file, text.unwrap_or_default())?;
        let key_passphrase = text.map(|_| SecretSource::File(file));
        let config = SshConfig { key_file: Some(key.clone()), key_passphrase, ..config(&server) };
        let told = wait(Connection::open(&config)).err();
        let told = told.map(|it| (it.kind(), it.to_string()));
        match (told, expected) {
            (None, None) => Ok(()),
            (Some((ErrorKind::ConfigInvalid, told)), Some(expected)) if told.contains(expected) => {
                Ok(())
            }
            other => Err(format!("{other:?}").into()),
        }
    };
    check(Some(passphrase), None)?;
    check(None, Some("give it in key_passphrase"))?;
    check(Some("CANARY"), Some("the passphrase may be wrong"))
}

fn servers_are_recognized_by_their_host_key() -> Result<(), Failed> {
    let (server, other) = (Sshd::start(&[])?, Sshd::start(&[])?);
    let folder = tempfile::tempdir()?;
    let known = |key: &str| -> Result<SshConfig, Failed> {
        let known_hosts = folder.path().join("known_hosts");
        fs::write(&known_hosts, key)?;
        let host_keys = Vec::new();
        Ok(SshConfig { host_keys, known_hosts: Some(known_hosts), ..config(&server) })
    };
    let check = |config: SshConfig, expected: Option<&str>| -> Result<(), Failed> {
        let told = wait(Connection::open(&config)).err();
        match (told.map(|it| (it.kind(), it.to_string())), expected) {
            (None, None) => Ok(()),
            (Some((ErrorKind::AuthFailed, told)), Some(expected))
                if told.contains(expected) && told.contains("SHA256:") =>
            {
                Ok(())
            }
            other => Err(format!("{other:?}").into()),
        }
    };
    let line = |key: &str| format!("[127.0.0.1]:{} {key}\n", server.port());
    check(config(&server), None)?;
    check(known(&line(&server.host_key()))?, None)?;
    check(known(&line(&other.host_key()))?, Some("another host key than the one that is pinned"))?;
    check(known("")?, Some("the server is not known"))?;
    check(
        SshConfig { host_keys: vec![other.host_key()], ..config(&server) },
        Some("another host key"),
    )
}

fn a_refused_login_says_what_to_check() -> Result<(), Failed> {
    let server = Sshd::start(&[])?;
    let config = SshConfig { username: "stranger".into(), ..config(&server) };
    let error = wait(Connection::open(&config)).expect_err("nobody knows the stranger");
    assert_eq!(error.kind(), ErrorKind::AuthFailed);
    let told = error.to_string();
    assert!(
        told.contains("check the username") && told.contains("server_accepts=publickey"),
        "{told}"
    );
    Ok(())
}

fn old_algorithms_have_to_be_named() -> Result<(), Failed> {
    let old = ["KexAlgorithms diffie-hellman-group14-sha1", "Ciphers aes128-cbc", "MACs hmac-sha1"];
    let server = Sshd::start(&old)?;
    let error = wait(Connection::open(&config(&server))).expect_err("nothing is common");
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("diffie-hellman-group14-sha1"), "{error}");
    let legacy =
        serde_json::from_str(r#"["diffie-hellman-group14-sha1", "aes128-cbc", "hmac-sha1"]"#)?;
    let config = SshConfig { legacy_algorithms: legacy, ..config(&server) };
    wait(Connection::open(&config))?;
    Ok(())
}

/// Gives back what it is sent, summed up: the sum of all bytes once the sender has ended.
async fn adder() -> Result<u16, Failed> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let port = listener.local_addr()?.port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut sum, mut buffer) = (0_u64, vec![0; 1 << 20]);
                while let Ok(bytes @ 1..) = stream.read(&mut buffer).await {
                    sum = buffer[..bytes].iter().fold(sum, |sum, it| sum + u64::from(*it));
                }
                stream.write_u64(sum).await
            });
        }
    });
    Ok(port)
}

fn a_tunnel_survives_new_keys() -> Result<(), Failed> {
    // The server wants new keys after 64 MiB, we after 512 MiB.
    let server = Sshd::start(&["RekeyLimit 64M"])?;
    wait(async {
        let connection = Connection::open(&config(&server)).await?;
        let tunnel = connection.tunnel("127.0.0.1", adder().await?).await?;
        let mut through = TcpStream::connect(tunnel.address()).await?;
        let block: Vec<u8> = (0..1_u32 << 20).map(|it| it.to_le_bytes()[0]).collect();
        let blocks = MORE_THAN_ONE_KEY >> 20;
        for _ in 0..blocks {
            through.write_all(&block).await?;
        }
        through.shutdown().await?;
        let sum: u64 = block.iter().map(|it| u64::from(*it)).sum();
        assert_eq!(through.read_u64().await?, sum * blocks);
        assert!(!connection.is_closed());
        Ok(())
    })
}

fn a_tunnel_into_nothing_closes_its_connections() -> Result<(), Failed> {
    let server = Sshd::start(&[])?;
    wait(async {
        let connection = Connection::open(&config(&server)).await?;
        let tunnel = connection.tunnel("127.0.0.1", 1).await?;
        let mut through = TcpStream::connect(tunnel.address()).await?;
        assert_eq!(through.read(&mut [0]).await?, 0);
        let address = tunnel.address();
        drop(tunnel);
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(TcpStream::connect(address).await.is_err(), "the port is still open");
        Ok(())
    })
}

fn a_server_that_is_silent_is_given_up() -> Result<(), Failed> {
    let server = Sshd::start(&[])?;
    wait(async {
        let silent = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = silent.local_addr()?.port();
        let config = SshConfig { port, connect_timeout_secs: 1, ..config(&server) };
        let error = Connection::open(&config).await.expect_err("nobody answers");
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.to_string().contains("in time"), "{error}");
        Ok(())
    })
}
