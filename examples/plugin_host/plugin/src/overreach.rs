//! What a plugin tries that wants more than it was lent.

use std::sync::Arc;

use membrane::Passable;
use runtime::{Dir, Dynamic, FileError, Name};

use crate::Survey;

/// The name of a file that the plugin would leave behind.
const MARK: &str = "plugin-was-here";

/// Something that was tried.
#[derive(Passable, Dynamic, Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// What for, in a word.
    pub what: String,
    /// By which method.
    pub method: String,
    /// With which name.
    pub name: Name,
    /// What came of it.
    pub outcome: Result<(), FileError>,
}

/// Paths to overreach with.
#[derive(Clone, Default)]
pub(crate) struct Bait {
    file: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
}

impl Bait {
    pub(crate) fn of(survey: &Survey) -> Self {
        Self {
            file: survey.some_file.clone(),
            link: survey.some_link.clone(),
        }
    }
}

/// Tries to remove, to create, to write, to get at the parent, and to follow a link.
pub(crate) fn overreach(root: &Arc<dyn Dir>, bait: &Bait) -> Vec<Attempt> {
    let mut attempts = Vec::new();
    let mut attempt = |what: &str, method: &str, name: &Name, outcome| {
        attempts.push(Attempt {
            what: what.into(),
            method: method.into(),
            name: name.clone(),
            outcome,
        });
    };

    // With a file that is there, where there is one.
    let file = bait.file.as_deref().and_then(|path| parent(root, path));
    let (dir, name) = file.clone().unwrap_or_else(|| (root.clone(), MARK.into()));
    let mark = Name::from(MARK);
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

    let up = Name::from("..");
    attempt(
        "parent",
        "Dir::open_dir",
        &up,
        root.open_dir(up.clone()).map(drop),
    );
    for path in ["../etc/passwd", "/etc/passwd"].map(Name::from) {
        attempt(
            "parent",
            "Dir::open_file",
            &path,
            root.open_file(path.clone()).map(drop),
        );
    }

    let link = bait.link.as_deref().and_then(|path| parent(root, path));
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
fn parent(root: &Arc<dyn Dir>, path: &[u8]) -> Option<(Arc<dyn Dir>, Name)> {
    let mut dir = root.clone();
    let mut parts: Vec<_> = path.split(|&byte| byte == b'/').map(Name::new).collect();
    let name = parts.pop()?;
    for part in parts {
        dir = dir.open_dir(part).ok()?;
    }
    Some((dir, name))
}
