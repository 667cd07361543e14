//! A facet offers what its rights say, and so does everything that is opened through it.

use super::{super::*, Place, content};

/// A fresh place for each call, so that no call depends on another.
fn place() -> Place {
    let place = Place::new();
    place.write("file", "content");
    place.mkdir("empty");
    place
}

type Call = fn(&dyn Dir) -> Result<(), FileError>;

/// The table in the documentation of [`Rights`].
fn table() -> [(&'static str, Call, Rights); 11] {
    [
        (
            "open_dir",
            |dir| dir.open_dir("empty".into()).map(drop),
            Rights::NONE,
        ),
        ("list", |dir| dir.list().map(drop), Rights::READ),
        (
            "metadata",
            |dir| dir.metadata("file".into()).map(drop),
            Rights::READ,
        ),
        (
            "open_file",
            |dir| dir.open_file("file".into()).map(drop),
            Rights::READ,
        ),
        (
            "create_dir",
            |dir| dir.create_dir("new".into()),
            Rights::APPEND,
        ),
        (
            "create",
            |dir| dir.create("new".into()).map(drop),
            Rights::APPEND,
        ),
        (
            "open_append",
            |dir| dir.open_append("file".into()).map(drop),
            Rights::APPEND,
        ),
        ("remove", |dir| dir.remove("file".into()), Rights::CHANGE),
        (
            "remove_dir",
            |dir| dir.remove_dir("empty".into()),
            Rights::CHANGE,
        ),
        (
            "rename",
            |dir| dir.rename("file".into(), "new".into()),
            Rights::CHANGE,
        ),
        (
            "open_write",
            |dir| dir.open_write("file".into()).map(drop),
            Rights::READ | Rights::CHANGE,
        ),
    ]
}

/// All eight subsets.
fn subsets() -> impl Iterator<Item = Rights> {
    let each = |right| [Rights::NONE, right];
    each(Rights::READ).into_iter().flat_map(move |read| {
        each(Rights::APPEND)
            .into_iter()
            .flat_map(move |append| each(Rights::CHANGE).map(|change| read | append | change))
    })
}

#[test]
fn every_facet_offers_what_its_rights_say_and_nothing_else() {
    assert_eq!(subsets().count(), 8);
    for rights in subsets() {
        for (method, call, needs) in table() {
            let expected = if rights.contains(needs) {
                Ok(())
            } else {
                Err(FileError::Refused)
            };
            let place = place();
            assert_eq!(
                call(&place.open().attenuate(rights).unwrap()),
                expected,
                "{method} with {rights:?}"
            );
        }
    }
}

#[test]
fn a_directory_opened_through_a_facet_has_its_rights() {
    for rights in subsets() {
        let place = Place::new();
        place.mkdir("a/b/empty");
        place.write("a/b/file", "content");
        let facet = place.open().attenuate(rights).unwrap();
        let below = facet
            .open_dir("a".into())
            .unwrap()
            .open_dir("b".into())
            .unwrap();
        assert_eq!(facet.subtree("a/b").unwrap().rights(), rights);
        for (method, call, needs) in table() {
            if !rights.contains(needs) {
                assert_eq!(
                    call(&*below),
                    Err(FileError::Refused),
                    "{method} with {rights:?}"
                );
            }
        }
    }
}

#[test]
fn attenuating_never_widens() {
    let dir = place().open();
    for has in subsets() {
        let facet = dir.attenuate(has).unwrap();
        for asked in subsets() {
            match facet.attenuate(asked) {
                Ok(narrower) => assert!(has.contains(asked) && narrower.rights() == asked),
                Err(error) => assert!(!has.contains(asked) && error == FileError::Refused),
            }
        }
    }
}

#[test]
fn a_file_does_what_it_was_opened_for() {
    let place = place();
    let dir = place.open();
    let refused = Some(FileError::Refused);
    let calls = |file: &dyn File| {
        [
            file.read_at(0, 1).err(),
            file.write_at(0, b"x").err(),
            file.truncate(1).err(),
            file.append(b"x").err(),
            file.len().err(),
            file.sync().err(),
        ]
    };
    assert_eq!(
        calls(&*dir.open_file("file".into()).unwrap()),
        [None, refused, refused, refused, None, None]
    );
    assert_eq!(
        calls(&*dir.open_write("file".into()).unwrap()),
        [None, None, None, refused, None, None]
    );
    assert_eq!(
        calls(&*dir.open_append("file".into()).unwrap()),
        [refused, refused, refused, None, None, None]
    );
    assert_eq!(
        calls(&*dir.create("new".into()).unwrap()),
        [None, None, None, refused, None, None]
    );

    let log = dir.attenuate(Rights::READ | Rights::APPEND).unwrap();
    assert_eq!(
        calls(&*log.create("log".into()).unwrap()),
        [refused, refused, refused, None, None, None]
    );
    assert_eq!(
        content(&log.open_file("log".into()).unwrap()).unwrap(),
        b"x",
        "it reads by another object"
    );
}
