//! The example `plugin_host` on 50,000 files: the plugin as a component against the plugin as a module of the program.

use crate::row::told;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const DIRECTORIES: u32 = 100;
const FILES: u32 = 500;

fn tree() -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a directory");
    for directory in 0..DIRECTORIES {
        let path = root.path().join(format!("d{directory}"));
        std::fs::create_dir(&path).expect("a directory");
        for file in 0..FILES {
            std::fs::write(path.join(format!("f{file}")), "one\ntwo\n").expect("a file");
        }
    }
    root
}

/// How long the whole program takes, both walks and their end included. The first run builds it.
fn run(dir: &Path, extra: &[&str]) -> Duration {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let begin = Instant::now();
    let status = Command::new(cargo)
        .args([
            "run",
            "--release",
            "-q",
            "--example",
            "plugin_host",
            "--",
            "--json",
        ])
        .args(extra)
        .arg(dir)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .stdout(Stdio::null())
        .status()
        .expect("cargo runs");
    assert!(status.success(), "plugin_host failed");
    begin.elapsed()
}

pub(crate) fn report() {
    let root = tree();
    let empty = tempfile::tempdir().expect("a directory");
    run(empty.path(), &[]);
    let least = |dir: &Path, extra: &[&str]| {
        let times = (0..3).map(|_| run(dir, extra));
        times.min().unwrap_or_default().as_secs_f64()
    };
    // Compiling and starting the guest, and what is not the walk.
    let (idle, idle_native) = (least(empty.path(), &[]), least(empty.path(), &["--native"]));
    let (component, native) = (least(root.path(), &[]), least(root.path(), &["--native"]));
    told(
        "plugin_host, 50,000 files, native",
        &format!("{native:.2} s"),
    );
    told(
        "plugin_host, 50,000 files, component",
        &format!("{component:.2} s"),
    );
    told(
        "of that, without files: native",
        &format!("{idle_native:.2} s"),
    );
    told("of that, without files: component", &format!("{idle:.2} s"));
    // What is left is the walks: a file is listed, opened, measured, read and dropped, each of it a call to the host.
    let each = |seconds: f64| format!("{:.1} us", seconds * 1e6 / f64::from(DIRECTORIES * FILES));
    told("of that, each file: native", &each(native - idle_native));
    told("of that, each file: component", &each(component - idle));
    let walk = (component - idle) / (native - idle_native);
    told("the walk, component to native", &format!("{walk:.2}x"));
}
