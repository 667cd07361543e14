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

/// Whether a path that begins with `text` may be within `base`, as far as its whole names tell.
pub(super) fn may_begin(base: &str, text: &str) -> bool {
    // The last may go on.
    let whole = text.rsplit_once('/').map_or("", |(whole, _)| whole);
    let (Some(base), Some(mut whole)) = (names(base), names(whole)) else {
        return false;
    };
    let is_absolute = text.starts_with('/');
    !is_absolute
        && !text.contains(NEVER)
        && base
            .into_iter()
            .all(|name| whole.next().is_none_or(|begun| begun == name))
}

/// Whether a path within another may end with `text`.
pub(super) fn may_end(text: &str) -> bool {
    // The first may have begun before.
    !text.contains(NEVER) && text.split('/').skip(1).all(|name| name != "..")
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::{is_within, may_begin, may_end};

    /// Fails if one of the checks is said to be at odds with another that some path passes as well.
    #[test]
    fn what_some_path_within_begins_and_ends_with_may_be() {
        for base in ["", "a", "./a/", "a/b"] {
            for path in [
                "a",
                "a/b",
                "a//b/c",
                "./a/b/..c",
                "a/b/...",
                "a/",
                "a/b/.",
                "b/c",
            ] {
                if !is_within(path, base) {
                    continue;
                }
                for at in 0..=path.len() {
                    let (begin, end) = path.split_at(at);
                    assert!(may_begin(base, begin), "{path:?} in {base:?}");
                    assert!(may_end(end), "{path:?} in {base:?}");
                }
            }
        }
        for (base, text) in [
            ("", "/"),
            ("", "a:"),
            ("", "../"),
            ("", "a/../b"),
            ("a", "b/"),
            ("a/b", "./a//c/"),
        ] {
            assert!(!may_begin(base, text), "{text:?} in {base:?}");
        }
        for text in ["/..", "\\", "a/../b", "/../"] {
            assert!(!may_end(text), "{text:?}");
        }
    }

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
