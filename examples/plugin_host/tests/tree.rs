//! Trees, and what is in them by another count.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs,
    os::unix::{ffi::OsStrExt, fs::PermissionsExt, fs::symlink},
    path::{Path, PathBuf},
};

use tempfile::TempDir;

/// The same sums by `std::fs`, with nothing of this program.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Expected {
    pub(super) files: u64,
    pub(super) bytes: u64,
    pub(super) lines: u64,
    pub(super) largest: Option<(u64, PathBuf)>,
    pub(super) unreadable: BTreeSet<PathBuf>,
}

impl Expected {
    pub(super) fn of(root: &Path) -> Self {
        let mut expected = Self::default();
        expected.add(root, root);
        expected
    }

    fn add(&mut self, root: &Path, path: &Path) {
        let below = path.strip_prefix(root).unwrap().to_owned();
        let kind = fs::symlink_metadata(path).unwrap().file_type();
        if kind.is_dir() {
            match fs::read_dir(path) {
                Ok(entries) => entries.for_each(|entry| self.add(root, &entry.unwrap().path())),
                Err(_) => _ = self.unreadable.insert(below.join("")),
            }
        } else if kind.is_file() {
            self.files += 1;
            match fs::read(path) {
                Ok(data) => {
                    let bytes = data.len() as u64;
                    self.bytes += bytes;
                    self.lines += data
                        .iter()
                        .map(|&byte| u64::from(byte == b'\n'))
                        .sum::<u64>();
                    let first = |(most, path): &(u64, PathBuf)| {
                        bytes > *most
                            || bytes == *most
                                && below.as_os_str().as_bytes() < path.as_os_str().as_bytes()
                    };
                    if self.largest.as_ref().is_none_or(first) {
                        self.largest = Some((bytes, below));
                    }
                }
                Err(_) => _ = self.unreadable.insert(below),
            }
        }
    }
}

/// A tree with something of everything, and what links in it lead to.
pub(super) struct Tree(TempDir);

impl Tree {
    pub(super) fn path(&self) -> PathBuf {
        self.0.path().join("lent")
    }

    /// Lets everybody read what only root could.
    pub(super) fn open_up(&self) {
        for closed in ["forbidden", "closed"] {
            fs::set_permissions(self.path().join(closed), fs::Permissions::from_mode(0o700))
                .unwrap();
        }
    }
}

/// Or the directory could not be removed.
impl Drop for Tree {
    fn drop(&mut self) {
        self.open_up();
    }
}

pub(super) fn tree() -> Tree {
    let root = tempfile::tempdir().unwrap();
    let at = |below: &str| root.path().join(below);
    for dir in [
        "lent/a/b/c",
        "lent/empty",
        "lent/a-b",
        "lent/closed",
        "outside/more",
    ] {
        fs::create_dir_all(at(dir)).unwrap();
    }
    fs::write(at("outside/secret"), "not yours\n".repeat(100_000)).unwrap();
    fs::write(at("lent/empty file"), "").unwrap();
    fs::write(at("lent/a/no final newline"), "one\ntwo").unwrap();
    fs::write(at("lent/a/b/crlf"), "one\r\ntwo\r\n").unwrap();
    fs::write(at("lent/a/b/c/newlines"), "\n".repeat(70_000)).unwrap();
    fs::write(at("lent/a/b/c/two blocks"), "0123456\n".repeat(64 * 1024)).unwrap();
    fs::write(at("lent/a-b/two blocks"), "7654321\n".repeat(64 * 1024)).unwrap();
    fs::write(
        at("lent").join(OsStr::from_bytes(b"caf\xe9 \xff")),
        "name\n",
    )
    .unwrap();
    fs::write(at("lent/back\\slash \u{1b}[31m\n"), "steers\n").unwrap();
    fs::write(at("lent/forbidden"), "unless you are root\n").unwrap();
    fs::write(at("lent/closed/inside"), "unless you are root\n").unwrap();
    for (to, name) in [
        ("../outside/secret", "lent/out"),
        ("../outside", "lent/out to a directory"),
        ("a", "lent/in"),
        ("..", "lent/a/up"),
        ("loop", "lent/loop"),
        ("nothing", "lent/dangling"),
    ] {
        symlink(to, at(name)).unwrap();
    }
    rustix::fs::mkfifoat(rustix::fs::CWD, at("lent/fifo"), rustix::fs::Mode::RWXU).unwrap();
    for closed in ["lent/forbidden", "lent/closed"] {
        fs::set_permissions(at(closed), fs::Permissions::from_mode(0o000)).unwrap();
    }
    Tree(root)
}
