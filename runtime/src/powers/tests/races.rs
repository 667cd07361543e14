//! Someone with authority of their own changes the tree while the power is used. What is opened is never outside, and
//! opening never waits.

use std::{
    fs,
    path::Path,
    sync::mpsc::{self, TryRecvError},
    thread,
    time::{Duration, Instant},
};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::{super::*, OPENINGS, Place, content};

/// Swaps the two entries again and again while `attempt` runs over and over, until that has had both outcomes often
/// enough or time is up. Returns how often it was true, and false.
fn while_swapping(a: &Path, b: &Path, mut attempt: impl FnMut() -> bool) -> (u32, u32) {
    thread::scope(|scope| {
        let (stop, stopped) = mpsc::channel::<()>();
        scope.spawn(move || {
            while stopped.try_recv() == Err(TryRecvError::Empty) {
                renameat_with(CWD, a, CWD, b, RenameFlags::EXCHANGE).expect("both are there");
            }
        });
        let end = Instant::now() + Duration::from_secs(5);
        let (mut yes, mut no) = (0, 0);
        while (yes < 300 || no < 300) && Instant::now() < end {
            if attempt() { yes += 1 } else { no += 1 }
        }
        drop(stop);
        (yes, no)
    })
}

/// The control: these swaps do catch an implementation that looks at a name and then opens it.
#[test]
fn looking_first_and_opening_then_would_be_caught() {
    let place = Place::new();
    place.write("name", "inside");
    place.link("../outside/secret", "other");
    let path = place.path("name");
    let mut leaked = 0;
    while_swapping(&path, &place.path("other"), || {
        let plain = fs::symlink_metadata(&path).unwrap().is_file();
        if plain && fs::read(&path).unwrap() == b"secret" {
            leaked += 1;
        }
        leaked > 0
    });
    assert!(leaked > 0);
}

#[test]
fn a_file_replaced_by_a_link_is_never_followed() {
    let place = Place::new();
    place.write("name", "inside");
    place.link("../outside/secret", "other");
    let dir = place.open();
    for (method, open) in OPENINGS {
        let (opened, refused) = while_swapping(&place.path("name"), &place.path("other"), || {
            match open(&dir, "name".into()) {
                Ok(file) => {
                    assert_eq!(file.len(), Ok(6));
                    if method != "open_append" {
                        assert_eq!(content(&file).unwrap(), b"inside");
                    }
                    true
                }
                Err(error) => {
                    assert_eq!(error, FileError::SymbolicLink);
                    false
                }
            }
        });
        assert!(
            opened > 0 && refused > 0,
            "{method}: opened {opened} times, refused {refused} times"
        );
    }
}

#[test]
fn a_directory_replaced_by_a_link_is_never_followed() {
    let place = Place::new();
    place.mkdir("name");
    place.write("name/inside", "");
    place.link("../outside", "other");
    let dir = place.open();
    let (opened, refused) = while_swapping(&place.path("name"), &place.path("other"), || match dir
        .open_dir("name".into())
    {
        Ok(below) => {
            let names: Vec<_> = below
                .list()
                .unwrap()
                .map(|entry| entry.unwrap().name)
                .collect();
            assert_eq!(names, ["inside"]);
            true
        }
        // The second look, which words the refusal, may see the directory again.
        Err(error) => {
            assert!(
                matches!(error, FileError::SymbolicLink | FileError::NotADirectory),
                "{error:?}"
            );
            false
        }
    });
    assert!(
        opened > 0 && refused > 0,
        "opened {opened} times, refused {refused} times"
    );
}

#[test]
fn a_file_replaced_by_a_fifo_is_not_waited_for() {
    let place = Place::new();
    place.write("name", "inside");
    place.fifo("other");
    let dir = place.open();
    for (method, open) in OPENINGS {
        let (opened, refused) = while_swapping(&place.path("name"), &place.path("other"), || {
            match open(&dir, "name".into()) {
                Ok(file) => {
                    assert_eq!(file.len(), Ok(6));
                    true
                }
                Err(error) => {
                    assert_eq!(error, FileError::Special);
                    false
                }
            }
        });
        assert!(
            opened > 0 && refused > 0,
            "{method}: opened {opened} times, refused {refused} times"
        );
    }
}

/// What the race above reaches only now and then: the handle turns out not to be what the name was.
#[test]
fn a_handle_of_something_else_is_closed_unread() {
    let opened =
        |path: &str| host_file::HostFile::new(fs::File::open(path).unwrap(), host_file::Mode::Read);
    assert_eq!(opened("/dev/null").err(), Some(FileError::Special));
    assert_eq!(opened("/").err(), Some(FileError::IsADirectory));
}

#[test]
fn moving_or_replacing_a_directory_above_redirects_nothing() {
    let place = Place::new();
    place.mkdir("above/lent");
    place.write("above/lent/file", "inside");
    let dir = HostDir::open_ambient(place.path("above/lent"), ambient_authority()).unwrap();
    fs::rename(place.path("above"), place.path("moved")).unwrap();
    fs::create_dir(place.root.path().join("outside/lent")).unwrap();
    fs::write(place.root.path().join("outside/lent/file"), "outside").unwrap();
    place.link("../outside", "above");
    assert_eq!(
        fs::read(place.path("above/lent/file")).unwrap(),
        b"outside",
        "this is where the path leads now"
    );
    assert_eq!(
        content(&dir.open_file("file".into()).unwrap()).unwrap(),
        b"inside"
    );
}

#[test]
fn a_directory_removed_meanwhile_fails_softly() {
    let place = Place::new();
    place.mkdir("below");
    let dir = place.open();
    let below = dir.open_dir("below".into()).unwrap();
    dir.remove_dir("below".into()).unwrap();
    assert_eq!(below.create("file".into()).err(), Some(FileError::NotFound));
    assert_eq!(
        below.open_file("file".into()).err(),
        Some(FileError::NotFound)
    );
    assert_eq!(
        below.list().map_or(0, |entries| entries.flatten().count()),
        0
    );
}
