//! Relative paths, compared name by name.

use crate::fault::{self, Fault};

/// What separates names on some system, or ends a path on all.
const NEVER: [char; 3] = ['\0', '\\', ':'];

/// The names of a relative path that stays where it begins; `None` for any other.
pub(super) fn names(path: &str) -> Option<impl Iterator<Item = &str>> {
    let is_refused =
        path.starts_with('/') || path.contains(NEVER) || path.split('/').any(|name| name == "..");
    (!is_refused).then(|| path.split('/').filter(|name| !matches!(*name, "" | ".")))
}

/// Whether `path` is at `base` or below it.
pub(super) fn is_within(path: &str, base: &str) -> bool {
    if fault::on(Fault::WithinByText) {
        return path.starts_with(base);
    }
    let (Some(mut path), Some(base)) = (names(path), names(base)) else {
        return false;
    };
    base.into_iter().all(|name| path.next() == Some(name))
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::is_within;

    #[test]
    fn path_is_within_only_at_or_below_the_base() {
        for (path, base) in [
            ("a", "a"),
            ("a/", "a"),
            ("a/b", "a"),
            ("./a//b", "a/"),
            ("a/./b/c", "a/b"),
            ("a/...", "a"),
            ("a/..b", "a"),
            ("", ""),
            (".", ""),
            ("anything/below", ""),
            ("anything", "./."),
        ] {
            assert!(is_within(path, base), "{path:?} in {base:?}");
        }
        for (path, base) in [
            ("", "a"),
            (".", "a"),
            ("ab", "a"),
            ("a", "a/b"),
            ("b/a", "a"),
            ("/a", "a"),
            ("//a", "a"),
            ("a/../a", "a"),
            ("..", ""),
            ("a/..", "a"),
            ("../a", "a"),
            ("a/b/../../..", "a"),
            ("/", ""),
            ("a/b\0", "a"),
            ("a\\..\\b", "a"),
            ("C:a", ""),
            ("A/b", "a"),
            ("a/b", "/a"),
            ("a/b", "../a"),
        ] {
            assert!(!is_within(path, base), "{path:?} in {base:?}");
        }
    }
}
