//! Symbolic links are listed and never followed; FIFOs and sockets are never opened.

use std::{
    fs::{self, OpenOptions},
    os::unix::net::UnixListener,
    sync::mpsc,
    thread,
    time::Duration,
};

use super::{super::*, OPENINGS, Place, listed};

#[test]
fn a_link_is_listed_as_a_link_and_not_followed() {
    let place = Place::new();
    place.write("file", "inside");
    place.mkdir("directory");
    for (to, name) in [
        ("file", "to a file"),
        ("directory", "to a directory"),
        ("../outside/secret", "out to a file"),
        ("../outside", "out to a directory"),
        ("..", "to the parent"),
        ("/", "to the root"),
        ("nothing", "dangling"),
        ("itself", "itself"),
    ] {
        place.link(to, name);
        let dir = place.open();
        assert_eq!(
            listed(&dir)[&Name::from(name)],
            EntryKind::SymbolicLink,
            "{name}"
        );
        assert_eq!(
            dir.metadata(name.into()).unwrap().kind,
            EntryKind::SymbolicLink,
            "{name}"
        );
        assert_eq!(
            dir.open_dir(name.into()).err(),
            Some(FileError::SymbolicLink),
            "{name}"
        );
        for (method, open) in OPENINGS {
            assert_eq!(
                open(&dir, name.into()).err(),
                Some(FileError::SymbolicLink),
                "{method} of {name}"
            );
        }
        assert_eq!(
            dir.create(name.into()).err(),
            Some(FileError::AlreadyExists),
            "{name}"
        );
        assert_eq!(
            dir.create_dir(name.into()).err(),
            Some(FileError::AlreadyExists),
            "{name}"
        );
        assert_eq!(
            dir.remove_dir(name.into()).err(),
            Some(FileError::NotADirectory),
            "{name}"
        );
        assert!(
            fs::symlink_metadata(place.path("nothing")).is_err(),
            "nothing is created through a link"
        );

        dir.rename(name.into(), "renamed".into()).unwrap();
        assert_eq!(
            dir.metadata("renamed".into()).unwrap().kind,
            EntryKind::SymbolicLink,
            "the link itself moved"
        );
        dir.remove("renamed".into()).unwrap();
        assert!(!listed(&dir).contains_key(&Name::from("renamed")));
    }
    assert_eq!(place.secret(), b"secret");
    assert_eq!(fs::read(place.path("file")).unwrap(), b"inside");
    assert!(place.path("directory").is_dir());
}

#[test]
fn renaming_onto_a_link_replaces_the_link() {
    let place = Place::new();
    place.write("file", "new");
    place.link("../outside/secret", "link");
    place.open().rename("file".into(), "link".into()).unwrap();
    assert_eq!(place.secret(), b"secret");
    assert_eq!(fs::read(place.path("link")).unwrap(), b"new");
    assert!(fs::symlink_metadata(place.path("link")).unwrap().is_file());
}

#[test]
fn what_is_no_file_is_special_at_once() {
    let place = Place::new();
    place.fifo("fifo");
    let _listener = UnixListener::bind(place.path("socket")).unwrap();
    let dir = place.open();
    for name in ["fifo", "socket"] {
        assert_eq!(listed(&dir)[&Name::from(name)], EntryKind::Other);
        for (method, open) in OPENINGS {
            assert_eq!(
                open(&dir, name.into()).err(),
                Some(FileError::Special),
                "{method} of {name}"
            );
        }
        assert_eq!(
            dir.open_dir(name.into()).err(),
            Some(FileError::NotADirectory)
        );
    }
    dir.remove("fifo".into()).unwrap();
    assert!(
        !place.path("fifo").exists(),
        "its name can be removed like any other"
    );
}

#[test]
fn device_is_special() {
    let dir = HostDir::open_ambient("/dev", ambient_authority())
        .unwrap()
        .read_only()
        .unwrap();
    assert_eq!(dir.open_file("null".into()).err(), Some(FileError::Special));
    assert_eq!(dir.open_file("tty".into()).err(), Some(FileError::Special));
}

#[test]
fn who_waits_at_a_fifo_is_not_woken() {
    let place = Place::new();
    place.fifo("fifo");
    let (done, woken) = mpsc::channel();
    let path = place.path("fifo");
    let writer = thread::spawn(move || {
        let opened = OpenOptions::new().write(true).open(path);
        done.send(()).unwrap();
        opened.unwrap();
    });
    let dir = place.open();
    for _ in 0..50 {
        assert_eq!(dir.open_file("fifo".into()).err(), Some(FileError::Special));
        assert!(
            woken.recv_timeout(Duration::from_millis(1)).is_err(),
            "opening it for reading would have woken it"
        );
    }
    let _reader = fs::File::open(place.path("fifo")).unwrap();
    woken
        .recv_timeout(Duration::from_mins(1))
        .expect("a reader wakes it: so it was waiting");
    writer.join().unwrap();
}

#[test]
fn opening_by_kind_says_what_is_there_instead() {
    let place = Place::new();
    place.mkdir("directory/below");
    place.write("file", "");
    let dir = place.open();
    for (method, open) in OPENINGS {
        assert_eq!(
            open(&dir, "directory".into()).err(),
            Some(FileError::IsADirectory),
            "{method}"
        );
        assert_eq!(
            open(&dir, "nothing".into()).err(),
            Some(FileError::NotFound),
            "{method}"
        );
    }
    assert_eq!(
        dir.open_dir("file".into()).err(),
        Some(FileError::NotADirectory)
    );
    assert_eq!(
        dir.open_dir("nothing".into()).err(),
        Some(FileError::NotFound)
    );
    assert_eq!(dir.remove("directory".into()), Err(FileError::IsADirectory));
    assert_eq!(dir.remove_dir("directory".into()), Err(FileError::NotEmpty));
    assert_eq!(dir.remove_dir("file".into()), Err(FileError::NotADirectory));
    assert_eq!(
        dir.rename("file".into(), "directory".into()),
        Err(FileError::IsADirectory)
    );
    assert_eq!(
        dir.create("file".into()).err(),
        Some(FileError::AlreadyExists)
    );
    assert_eq!(
        dir.create_dir("file".into()).err(),
        Some(FileError::AlreadyExists)
    );
    assert_eq!(
        HostDir::open_ambient(place.path("file"), ambient_authority())
            .err()
            .map(FileError::from),
        Some(FileError::NotADirectory)
    );
}

/// Where the tests run as root nothing is unreadable; then this shows that the power agrees with the system on that.
#[test]
fn what_the_system_denies_is_denied() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    place.write("file", "content");
    place.mkdir("directory");
    for name in ["file", "directory"] {
        fs::set_permissions(place.path(name), fs::Permissions::from_mode(0o000)).unwrap();
    }
    let dir = place.open();
    let denied = |by_system: std::io::Result<()>| by_system.err().map(FileError::from);
    assert_eq!(
        dir.open_file("file".into()).err(),
        denied(fs::File::open(place.path("file")).map(drop))
    );
    let listing = dir
        .open_dir("directory".into())
        .and_then(|below| below.list().map(drop));
    assert_eq!(
        listing.err(),
        denied(fs::read_dir(place.path("directory")).map(drop))
    );
    assert_eq!(listed(&dir).len(), 2, "they are listed all the same");
    fs::set_permissions(place.path("directory"), fs::Permissions::from_mode(0o700)).unwrap();
}
