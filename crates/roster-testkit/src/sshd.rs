//! OpenSSH's server on a free port, in a temporary folder, run by somebody who may do nothing else.

use std::{
    fs,
    io::Read,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// Names the program `sshd`, where it is neither on the path nor where Debian has it.
const VARIABLE: &str = "HOMEROOM_SSHD";
/// How long the server may take to start.
const PATIENCE: Duration = Duration::from_secs(20);
/// Whom root becomes.
const NOBODY: &str = "nobody";
/// The passphrase of [`Sshd::encrypted_key`].
const PASSPHRASE: &str = "made up for this test";

/// A server that is running; dropping it stops and removes it.
///
/// It lets in one user, who has one of its two keys, and offers SFTP and TCP forwarding.  It cannot check passwords,
/// which only root can.
#[derive(Debug)]
pub struct Sshd {
    folder: TempDir,
    child: Child,
    port: u16,
    user: String,
}

impl Sshd {
    /// Makes keys and starts the server; `settings` are lines for its configuration, which go before the others.
    ///
    /// # Errors
    ///
    /// A sentence that says what is missing, as a reason why a test is ignored.
    pub fn start(settings: &[&str]) -> Result<Self, String> {
        let program = find()?;
        let folder = tempfile::Builder::new().prefix("homeroom-sshd-").tempdir();
        let folder = folder.map_err(|it| format!("no temporary folder: {it}"))?;
        let user = user()?;
        own(folder.path())?;
        let made =
            ["host_ed25519", "client", "client_encrypted"].map(|it| keygen(folder.path(), it));
        made.into_iter().collect::<Result<(), _>>()?;
        let port = free_port()?;
        configure(folder.path(), port, settings)
            .map_err(|it| format!("sshd has no configuration: {it}"))?;
        let log = fs::File::create(folder.path().join("log")).map_err(|it| it.to_string())?;
        let mut command = as_user(&program);
        command.arg("-D").arg("-e").arg("-f").arg(folder.path().join("config"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let child = command.spawn().map_err(|it| format!("sshd cannot be started: {it}"))?;
        let mut server = Self { folder, child, port, user };
        server.wait()?;
        Ok(server)
    }

    fn wait(&mut self) -> Result<(), String> {
        let since = Instant::now();
        while since.elapsed() < PATIENCE && matches!(self.child.try_wait(), Ok(None)) {
            if answers(self.port) {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(20));
        }
        let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        Err(format!("sshd did not start: {}", log.lines().last().unwrap_or("it says nothing")))
    }

    /// The port on the loopback address that it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Who may log in.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The user's private key, without a passphrase.
    #[must_use]
    pub fn key(&self) -> PathBuf {
        self.folder.path().join("client")
    }

    /// The user's other private key, and its passphrase.
    #[must_use]
    pub fn encrypted_key(&self) -> (PathBuf, &'static str) {
        (self.folder.path().join("client_encrypted"), PASSPHRASE)
    }

    /// The server's public host key, as its file has it.
    ///
    /// # Panics
    ///
    /// If somebody took the file away.
    #[must_use]
    pub fn host_key(&self) -> String {
        let path = self.folder.path().join("host_ed25519.pub");
        fs::read_to_string(path).expect("the key was made").trim().to_owned()
    }

    /// A folder that the user may read and write.
    ///
    /// # Panics
    ///
    /// If the folder cannot be made.
    #[must_use]
    pub fn files(&self) -> PathBuf {
        let files = self.folder.path().join("files");
        if !files.exists() {
            fs::create_dir(&files).expect("the folder can be written");
            own(&files).expect("the folder can be given away");
        }
        files
    }

    /// What the server has logged.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// Gives a file or folder to the user of the server, where that is another than who runs the test.
///
/// # Errors
///
/// A sentence that says what went wrong.
pub fn own(path: &Path) -> Result<(), String> {
    if !is_root() {
        return Ok(());
    }
    run(Command::new("chown").arg(NOBODY).arg(path))
}

fn find() -> Result<PathBuf, String> {
    let named = std::env::var_os(VARIABLE).map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|it| it.join("sshd"));
    let mut places = named.into_iter().chain(on_path).chain(["/usr/sbin/sshd".into()]);
    places.find(|it| it.is_file()).ok_or_else(|| "needs sshd (Debian: openssh-server)".to_owned())
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output();
    output.is_ok_and(|it| it.stdout.trim_ascii() == b"0")
}

fn user() -> Result<String, String> {
    if is_root() {
        return Ok(NOBODY.to_owned());
    }
    let output = Command::new("id").arg("-un").output().map_err(|it| it.to_string())?;
    String::from_utf8(output.stdout).map(|it| it.trim().to_owned()).map_err(|it| it.to_string())
}

fn as_user(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid", NOBODY, "--regid", "nogroup", "--clear-groups"]).arg(program);
    command
}

fn keygen(folder: &Path, name: &str) -> Result<(), String> {
    let passphrase = if name.ends_with("encrypted") { PASSPHRASE } else { "" };
    let mut command = as_user(Path::new("ssh-keygen"));
    command
        .args(["-q", "-t", "ed25519", "-N", passphrase, "-C", name, "-f"])
        .arg(folder.join(name));
    run(&mut command)
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).output().map_err(|it| it.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let program = command.get_program().display().to_string();
    Err(format!("{program} failed: {}", String::from_utf8_lossy(&output.stderr).trim()))
}

fn configure(folder: &Path, port: u16, settings: &[&str]) -> std::io::Result<()> {
    let keys = ["client.pub", "client_encrypted.pub"].map(|it| fs::read_to_string(folder.join(it)));
    let keys = keys.into_iter().collect::<Result<String, _>>()?;
    fs::write(folder.join("authorized_keys"), keys)?;
    let folder = folder.display();
    // Without PAM the server takes an account without a password, as that of `nobody`, for one that is locked.
    let pam = if is_root() { "yes" } else { "no" };
    let text = format!(
        "{}\nListenAddress 127.0.0.1:{port}\nHostKey {folder}/host_ed25519\nPidFile none\nStrictModes no\n\
         AuthorizedKeysFile {folder}/authorized_keys\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
         UsePAM {pam}\nSubsystem sftp internal-sftp\nMaxStartups 200\nMaxSessions 200\nLogLevel VERBOSE\n",
        settings.join("\n")
    );
    fs::write(format!("{folder}/config"), text)
}

fn free_port() -> Result<u16, String> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(|it| it.to_string())?;
    listener.local_addr().map(|it| it.port()).map_err(|it| it.to_string())
}

fn answers(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    _ = stream.set_read_timeout(Some(Duration::from_secs(2)));
    let mut start = [0; 4];
    stream.read_exact(&mut start).is_ok() && &start == b"SSH-"
}
