//! What a plugin tries that wants more than it was lent.

use std::{ffi::OsString, path::Path, sync::Arc};

use runtime::{Dir, FileError};

use super::Survey;

/// The name of a file that the plugin would leave behind.
const MARK: &str = "plugin-was-here";

/// Something that was tried.
#[derive(Debug)]
pub(crate) struct Attempt {
    /// What for, in a word.
    pub(crate) what: &'static str,
    /// By which method.
    pub(crate) method: &'static str,
    /// With which name.
    pub(crate) name: OsString,
    pub(crate) outcome: Result<(), FileError>,
}

/// Tries to remove, to create, to write, to get at the parent, and to follow a link.
pub(super) fn overreach(root: &Arc<dyn Dir>, survey: &Survey) -> Vec<Attempt> {
    let mut attempts = Vec::new();
    let mut attempt = |what, method, name: &OsString, outcome| {
        let name = name.clone();
        attempts.push(Attempt {
            what,
            method,
            name,
            outcome,
        });
    };

    // With a file that is there, where there is one.
    let file = survey
        .some_file
        .as_deref()
        .and_then(|path| parent(root, path));
    let (dir, name) = file.clone().unwrap_or_else(|| (root.clone(), MARK.into()));
    let mark = OsString::from(MARK);
    attempt("remove", "Dir::remove", &name, dir.remove(name.clone()));
    attempt(
        "create",
        "Dir::create",
        &mark,
        root.create(mark.clone()).map(drop),
    );
    attempt(
        "write",
        "Dir::open_write",
        &name,
        dir.open_write(name.clone()).map(drop),
    );
    if let Some(file) = file.and_then(|(dir, name)| dir.open_file(name).ok()) {
        attempt("write", "File::write_at", &name, file.write_at(0, b"x"));
    }

    let up = OsString::from("..");
    attempt(
        "parent",
        "Dir::open_dir",
        &up,
        root.open_dir(up.clone()).map(drop),
    );
    for path in ["../etc/passwd", "/etc/passwd"].map(OsString::from) {
        attempt(
            "parent",
            "Dir::open_file",
            &path,
            root.open_file(path.clone()).map(drop),
        );
    }

    let link = survey
        .some_link
        .as_deref()
        .and_then(|path| parent(root, path));
    if let Some((dir, name)) = link {
        attempt(
            "link",
            "Dir::open_dir",
            &name,
            dir.open_dir(name.clone()).map(drop),
        );
        attempt(
            "link",
            "Dir::open_file",
            &name,
            dir.open_file(name.clone()).map(drop),
        );
    }
    attempts
}

/// The directory that `path` lies in, and its name there; `None` if it is gone.
fn parent(root: &Arc<dyn Dir>, path: &Path) -> Option<(Arc<dyn Dir>, OsString)> {
    let mut dir = root.clone();
    for part in path.parent()? {
        dir = dir.open_dir(part.to_owned()).ok()?;
    }
    Some((dir, path.file_name()?.to_owned()))
}
