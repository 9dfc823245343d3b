//! A private PostgreSQL server for the tests: made, used, and removed with all it holds.

use crate::{Result, args::Args, process, system};
use std::{
    env, fs,
    hash::{BuildHasher as _, RandomState},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Where tests look for the URL of a server.
pub(crate) const VARIABLE: &str = "HOMEROOM_POSTGRES";
/// What the server's programs come in.
const PACKAGE: system::Program = system::Program { name: "initdb", package: "postgresql" };
/// Who may do everything on the server.
const USER: &str = "homeroom";
/// How long the server may take to start.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// Runs the server until the standard input ends, which it does with this program however it ends.  Then nothing is
/// left: neither the server nor its folder.  `$0` is the server, `$1` its folder, `$2` the port.
const SCRIPT: &str = r#"trap '' INT TERM HUP
"$0" -D "$1/data" -c port="$2" -c listen_addresses=127.0.0.1 -c unix_socket_directories="$1" \
    -c fsync=off -c full_page_writes=off $3 >"$1/log" 2>&1 &
cat >/dev/null
kill -INT $!
wait $!
rm -rf "$1""#;

/// Makes a certificate authority and a certificate for `localhost`.
const CERTIFICATES: &str = r#"cd "$0" && umask 077
openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj "/CN=Homeroom test authority" -keyout ca.key -out ca.crt
openssl req -newkey rsa:2048 -nodes -subj "/CN=localhost" -keyout server.key -out server.csr
printf 'subjectAltName=DNS:localhost\n' >server.ext
openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -extfile server.ext -out server.crt"#;

/// `cargo xtask postgres COMMAND…`: runs a command beside a server.
pub(crate) fn run(args: Args) -> Result {
    let words = args.rest();
    let (program, arguments) = words.split_first().ok_or("name a command to run")?;
    let server = Server::start()?;
    let mut command = Command::new(program);
    process::forget_package(command.args(arguments).env(VARIABLE, server.url()));
    process::run(&mut command)
}

/// A server that is running; dropping it stops and removes it.
#[derive(Debug)]
pub(crate) struct Server {
    url: String,
    child: Child,
}

impl Server {
    /// Makes and starts a server, installing PostgreSQL where that is allowed.
    pub(crate) fn start() -> Result<Self> {
        let programs = programs()?;
        let account = Account::unprivileged()?;
        let random = RandomState::new().hash_one(std::process::id());
        let folder = env::temp_dir().join(format!("homeroom-postgres-{random:016x}"));
        account.make_folder(&folder)?;
        let password = format!("{:016x}", RandomState::new().hash_one(random));
        init(&account, &programs, &folder, &password)?;
        let encrypted = certificates(&account, &folder);
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let settings = if encrypted {
            ENCRYPTED.replace('~', &folder.display().to_string())
        } else {
            String::new()
        };
        let child = account
            .command("sh")
            .args(["-c", SCRIPT])
            .arg(programs.join("postgres"))
            .arg(&folder)
            .arg(port.to_string())
            .arg(settings)
            .stdin(Stdio::piped())
            .spawn()?;
        let authority = format!("?sslrootcert={}/ca.crt", folder.display());
        let query = if encrypted { authority } else { String::new() };
        let url = format!("postgres://{USER}:{password}@localhost:{port}/postgres{query}");
        let mut server = Self { url, child };
        server.wait_until_ready(&programs.join("pg_isready"), port)?;
        Ok(server)
    }

    /// URL of the database `postgres`, for a user who may do everything.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    fn wait_until_ready(&mut self, pg_isready: &Path, port: u16) -> Result {
        let since = Instant::now();
        while since.elapsed() < PATIENCE && self.child.try_wait()?.is_none() {
            let mut ready = Command::new(pg_isready);
            ready.args(["--quiet", "--host=127.0.0.1", &format!("--port={port}")]);
            if ready.status()?.success() {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(50));
        }
        Err("the private PostgreSQL server did not start".into())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The end of its input ends the script.
        drop(self.child.stdin.take());
        _ = self.child.wait();
    }
}

const ENCRYPTED: &str = "-c ssl=on -c ssl_cert_file=~/server.crt -c ssl_key_file=~/server.key";

fn init(account: &Account, programs: &Path, folder: &Path, password: &str) -> Result {
    let file = folder.join("password");
    fs::write(&file, password)?;
    account.own(&file)?;
    let mut initdb = account.command(programs.join("initdb"));
    initdb.arg("-D").arg(folder.join("data")).arg("--pwfile").arg(&file);
    initdb.args(["--username", USER, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"]);
    initdb.args(["--no-sync", "--no-instructions"]);
    process::output(&mut initdb).map(drop)
}

/// Whether certificates could be made; without them the server encrypts nothing.
pub(crate) fn certificates(account: &Account, folder: &Path) -> bool {
    let mut command = account.command("sh");
    command.args(["-e", "-c", CERTIFICATES]).arg(folder).stderr(Stdio::null());
    command.output().is_ok_and(|it| it.status.success())
}

/// The folder of the server's programs, installed if need be.
fn programs() -> Result<PathBuf> {
    find_programs().map_or_else(
        || {
            system::install(&[PACKAGE]);
            find_programs().ok_or_else(|| system::sentence(&[PACKAGE]).into())
        },
        Ok,
    )
}

/// On the path, else where Debian has the newest version.
fn find_programs() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<_> = versions.map(|it| it.path().join("bin")).collect();
    versions.sort();
    let mut folders = env::split_paths(&path).chain(versions.into_iter().rev());
    let all = ["initdb", "postgres", "pg_isready"];
    folders.find(|folder| all.iter().all(|it| folder.join(it).is_file()))
}

/// Who runs the server: it refuses to be run by root.
pub(crate) struct Account {
    /// The user to become; `None` for whoever runs this program.
    user: Option<&'static str>,
}

impl Account {
    pub(crate) fn unprivileged() -> Result<Self> {
        if !system::is_root() {
            return Ok(Self { user: None });
        }
        let there =
            |user: &&str| Command::new("id").arg(user).output().is_ok_and(|it| it.status.success());
        let user = ["postgres", "nobody"].into_iter().find(there);
        user.map(|it| Self { user: Some(it) })
            .ok_or_else(|| "root cannot run PostgreSQL, and there is no user to become".into())
    }

    /// A command that this user runs.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let Some(user) = self.user else { return Command::new(program) };
        let mut command = Command::new("runuser");
        command.args(["-u", user, "--"]).arg(program).current_dir("/");
        command
    }

    pub(crate) fn make_folder(&self, folder: &Path) -> Result {
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)?;
        self.own(folder)
    }

    /// Gives a file or folder to the user.
    pub(crate) fn own(&self, path: &Path) -> Result {
        match self.user {
            Some(user) => process::run(Command::new("chown").arg(user).arg(path)),
            None => Ok(()),
        }
    }
}
