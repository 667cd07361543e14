//! A name is one component, whatever bytes it has.

use std::{ffi::OsStr, fs, os::unix::ffi::OsStrExt};

use super::{super::*, Place, content, listed};

#[test]
fn anything_but_one_plain_component_is_an_invalid_name() {
    let place = Place::new();
    place.mkdir("below");
    place.write("below/file", "inside");
    let dir = place.open();
    let absolute = place.root.path().join("outside/secret").into_os_string();
    let bad: Vec<Name> = [
        "",
        ".",
        "..",
        "/",
        "//",
        "below/",
        "below/file",
        "below/..",
        "./below",
        "../outside",
        "../outside/secret",
        "a\0b",
        "\0",
    ]
    .map(Name::from)
    .into_iter()
    .chain([absolute.into()])
    .collect();
    for name in bad {
        let n = || name.clone();
        let refused: [(&str, Option<FileError>); 11] = [
            ("metadata", dir.metadata(n()).err()),
            ("open_dir", dir.open_dir(n()).err()),
            ("open_file", dir.open_file(n()).err()),
            ("open_write", dir.open_write(n()).err()),
            ("open_append", dir.open_append(n()).err()),
            ("create", dir.create(n()).err()),
            ("create_dir", dir.create_dir(n()).err()),
            ("remove", dir.remove(n()).err()),
            ("remove_dir", dir.remove_dir(n()).err()),
            ("rename from", dir.rename(n(), "new".into()).err()),
            ("rename to", dir.rename("below".into(), n()).err()),
        ];
        for (method, error) in refused {
            assert_eq!(error, Some(FileError::InvalidName), "{method} of {name:?}");
        }
    }
    assert_eq!(listed(&dir).len(), 1);
    assert_eq!(place.secret(), b"secret");
}

#[test]
fn a_name_that_only_looks_special_is_plain() {
    let place = Place::new();
    let dir = place.open();
    for name in [
        "...",
        "..a",
        " ",
        "-rf",
        "*",
        "a\\b",
        "C:",
        "\n",
        "\u{202e}",
        "..\u{2215}",
        "~",
    ] {
        dir.create(name.into())
            .unwrap()
            .write_at(0, name.as_bytes())
            .unwrap();
        assert_eq!(
            content(&dir.open_file(name.into()).unwrap()).unwrap(),
            name.as_bytes()
        );
    }
    assert_eq!(listed(&dir).len(), 11);
}

#[test]
fn a_name_that_is_not_utf_8_comes_back_as_it_was_given() {
    let place = Place::new();
    let dir = place.open();
    let name = Name::new(*b"na\xefve \xff\xfe");
    dir.create(name.clone())
        .unwrap()
        .write_at(0, b"content")
        .unwrap();
    assert_eq!(
        listed(&dir).into_keys().collect::<Vec<_>>(),
        std::slice::from_ref(&name)
    );
    assert_eq!(dir.metadata(name.clone()).unwrap().len, 7);
    assert_eq!(
        content(&dir.open_file(name.clone()).unwrap()).unwrap(),
        b"content"
    );
    assert_eq!(
        fs::read(place.path("").join(OsStr::from_bytes(name.as_bytes()))).unwrap(),
        b"content",
        "it is what the system has, too"
    );
    dir.rename(name.clone(), "plain".into()).unwrap();
    assert_eq!(dir.remove(name), Err(FileError::NotFound));
    assert_eq!(fs::read(place.path("plain")).unwrap(), b"content");
}

#[test]
fn a_name_longer_than_the_system_has_it_is_an_invalid_name() {
    let place = Place::new();
    let dir = place.open();
    assert_eq!(
        dir.open_file("n".repeat(256).into()).err(),
        Some(FileError::InvalidName)
    );
    assert_eq!(
        dir.open_dir("n".repeat(100_000).into()).err(),
        Some(FileError::InvalidName)
    );
}

#[test]
fn a_large_directory_is_listed_as_it_is_read() {
    let place = Place::new();
    for number in 0..3_000 {
        place.write(&format!("file {number}"), "");
    }
    let dir = place.open();
    let mut entries = dir.list().unwrap();
    assert_eq!(entries.next().unwrap().unwrap().kind, EntryKind::File);
    // Two listings of one object do not share a position.
    assert_eq!(dir.list().unwrap().count(), 3_000);
    assert_eq!(entries.count(), 2_999);
}

#[test]
fn a_listing_ends_for_good() {
    let place = Place::new();
    place.write("a", "");
    let mut entries = place.open().list().unwrap();
    assert!(entries.next().is_some());
    assert!(entries.next().is_none());
    place.write("b", "");
    assert!(entries.next().is_none());
}

#[test]
fn subtree_goes_down_only() {
    let place = Place::new();
    place.mkdir("a/b");
    place.write("a/b/file", "deep");
    place.write("file", "");
    place.link("a", "link");
    let dir = place.open();
    let deep = dir.subtree("a/b").unwrap();
    assert_eq!(
        content(&deep.open_file("file".into()).unwrap()).unwrap(),
        b"deep"
    );
    assert_eq!(listed(&dir.subtree("").unwrap()), listed(&dir));
    assert_eq!(listed(&dir.subtree("./a/./b/").unwrap()), listed(&deep));
    for (path, error) in [
        ("..", FileError::InvalidName),
        ("a/../..", FileError::InvalidName),
        ("/", FileError::InvalidName),
        ("/etc", FileError::InvalidName),
        ("a\0", FileError::InvalidName),
        ("link", FileError::SymbolicLink),
        ("link/b", FileError::SymbolicLink),
        ("file", FileError::NotADirectory),
        ("nothing", FileError::NotFound),
    ] {
        assert_eq!(dir.subtree(path).err(), Some(error), "{path:?}");
    }
}

#[test]
fn debug_and_errors_show_no_path() {
    let place = Place::new();
    let dir = place.open();
    assert_eq!(
        format!("{dir:?}"),
        r#"HostDir { rights: {"READ", "APPEND", "CHANGE"}, .. }"#
    );
    let error = dir.open_file("nothing".into()).err().unwrap();
    assert_eq!(
        format!("{error} {error:?}"),
        "no such file or directory NotFound"
    );
}

#[test]
fn error_numbers_without_a_kind_of_their_own_are_told_apart() {
    use rustix::io::Errno;
    for (errno, expected) in [
        (Errno::LOOP, FileError::SymbolicLink),
        (Errno::NXIO, FileError::Special),
        (Errno::MFILE, FileError::Exhausted),
        (Errno::NFILE, FileError::Exhausted),
        (Errno::NOMEM, FileError::Exhausted),
        (Errno::ACCESS, FileError::Denied),
        (Errno::PERM, FileError::Denied),
        (Errno::ROFS, FileError::ReadOnly),
        (Errno::NOSPC, FileError::Full),
        (Errno::DQUOT, FileError::Full),
        (Errno::FBIG, FileError::TooLarge),
        (Errno::AGAIN, FileError::Busy),
        (Errno::TXTBSY, FileError::Busy),
        (Errno::NAMETOOLONG, FileError::InvalidName),
        (Errno::IO, FileError::Other(Errno::IO.raw_os_error())),
    ] {
        assert_eq!(host_dir::host_error(errno.into()), expected, "{errno:?}");
    }
    assert_eq!(
        FileError::from(std::io::Error::other("/home/alice")),
        FileError::Other(0)
    );
}
