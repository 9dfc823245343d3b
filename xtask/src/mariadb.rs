//! A private MariaDB server for the tests: made, used, and removed with all it holds.

use crate::{
    Result,
    postgres::{Account, PATIENCE, certificates},
    system,
};
use std::{
    env, fs,
    hash::{BuildHasher as _, RandomState},
    io::Read as _,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Where tests look for the URL of a server.
pub(crate) const VARIABLE: &str = "HOMEROOM_MARIADB";
/// What the server's programs come in.
const PACKAGE: system::Program = system::Program { name: "mariadbd", package: "mariadb-server" };
/// Who may do everything on the server.
const USER: &str = "homeroom";

/// Makes the system tables, and runs the server until the standard input ends, which it does with this program however
/// it ends.  Then nothing is left.  `$0` is the server, `$1` its folder, `$2` the port, `$3` options for encryption.
const SCRIPT: &str = r#"trap '' INT TERM HUP
mariadb-install-db --no-defaults --datadir="$1/data" --auth-root-authentication-method=normal --skip-test-db \
    >"$1/log" 2>&1 || exit 1
"$0" --no-defaults --datadir="$1/data" --socket="$1/socket" --pid-file="$1/pid" --port="$2" \
    --bind-address=127.0.0.1 --skip-name-resolve --init-file="$1/init.sql" --character-set-server=utf8mb4 \
    --innodb-flush-log-at-trx-commit=0 --innodb-buffer-pool-size=64M --max-allowed-packet=64M $3 >>"$1/log" 2>&1 &
cat >/dev/null
kill -TERM $!
wait $!
rm -rf "$1""#;

/// A server that is running; dropping it stops and removes it.
#[derive(Debug)]
pub(crate) struct Server {
    url: String,
    child: Child,
}

impl Server {
    /// Makes and starts a server, installing MariaDB where that is allowed.
    pub(crate) fn start() -> Result<Self> {
        let program = program()?;
        let account = Account::unprivileged()?;
        let random = RandomState::new().hash_one(std::process::id());
        let folder = env::temp_dir().join(format!("homeroom-mariadb-{random:016x}"));
        account.make_folder(&folder)?;
        let password = format!("{:016x}", RandomState::new().hash_one(random));
        let init = folder.join("init.sql");
        let create = format!(
            "CREATE USER IF NOT EXISTS {USER}@'%' IDENTIFIED BY '{password}';\n\
             GRANT ALL PRIVILEGES ON *.* TO {USER}@'%' WITH GRANT OPTION;\n"
        );
        fs::write(&init, create)?;
        account.own(&init)?;
        let encrypted = certificates(&account, &folder);
        let place = folder.display();
        let options = format!(
            "--ssl-ca={place}/ca.crt --ssl-cert={place}/server.crt --ssl-key={place}/server.key"
        );
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let mut script = account.command("sh");
        script.args(["-c", SCRIPT]).arg(program).arg(&folder).arg(port.to_string());
        script.arg(if encrypted { &options } else { "" });
        let child = script.stdin(Stdio::piped()).spawn()?;
        let authority = if encrypted { format!("?sslca={place}/ca.crt") } else { String::new() };
        let url = format!("mariadb://{USER}:{password}@127.0.0.1:{port}/mysql{authority}");
        let mut server = Self { url, child };
        server.wait_until_ready(port)?;
        Ok(server)
    }

    /// URL of the server, for a user who may do everything.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The server greets whoever connects, once its users are made.
    fn wait_until_ready(&mut self, port: u16) -> Result {
        let since = Instant::now();
        while since.elapsed() < PATIENCE && self.child.try_wait()?.is_none() {
            if greets(port) {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(100));
        }
        Err("the private MariaDB server did not start".into())
    }
}

fn greets(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    let mut byte = [0];
    stream.set_read_timeout(Some(Duration::from_secs(1))).is_ok()
        && stream.read_exact(&mut byte).is_ok()
}

impl Drop for Server {
    fn drop(&mut self) {
        // The end of its input ends the script.
        drop(self.child.stdin.take());
        _ = self.child.wait();
    }
}

/// The server's program, installed if need be.
fn program() -> Result<PathBuf> {
    find().map_or_else(
        || {
            system::install(&[PACKAGE]);
            find().ok_or_else(|| system::sentence(&[PACKAGE]).into())
        },
        Ok,
    )
}

fn find() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut folders = env::split_paths(&path).chain([Path::new("/usr/sbin").to_owned()]);
    folders.find_map(|it| Some(it.join(PACKAGE.name)).filter(|it| it.is_file()))
}
