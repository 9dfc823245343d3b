//! Finds the binary under test.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

/// Path of the binary `homeroom`.
///
/// `HOMEROOM_BIN` names it.  Without that, a test that runs under cargo builds it first, so that no stale binary is
/// tested, and any other takes the one in the folder of its own build.
///
/// # Panics
///
/// When there is none.
pub fn homeroom() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| env::var_os("HOMEROOM_BIN").map_or_else(built, PathBuf::from))
}

fn built() -> PathBuf {
    let executable = env::current_exe().expect("the test knows its own path");
    let folder = executable.parent().and_then(Path::parent).expect("a test lies in target/*/deps");
    if let Some(cargo) = env::var_os("CARGO") {
        let mut build = Command::new(cargo);
        build.args(["build", "--quiet", "--package", "roster-runner", "--bin", "homeroom"]);
        if folder.ends_with("release") {
            build.arg("--release");
        }
        // What cargo told this test of its own package would make some build scripts run again.
        let own =
            |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
        for (name, _) in env::vars_os().filter(|it| it.0.to_str().is_some_and(own)) {
            build.env_remove(name);
        }
        let status = build.current_dir(env!("CARGO_MANIFEST_DIR")).status();
        assert!(status.is_ok_and(|it| it.success()), "the binary cannot be built");
    }
    let binary = folder.join("homeroom").with_extension(env::consts::EXE_EXTENSION);
    assert!(binary.is_file(), "{} is not there; set HOMEROOM_BIN", binary.display());
    binary
}
