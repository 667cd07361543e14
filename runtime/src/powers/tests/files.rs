//! Reading and writing.

use std::{fs, sync::Arc, thread};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::{super::*, Place, content};

#[test]
fn reading_is_short_only_at_the_end() {
    let place = Place::new();
    place.write("file", "0123456789");
    let file = place.open().open_file("file".into()).unwrap();
    assert_eq!(file.len(), Ok(10));
    assert_eq!(file.read_at(0, 4).unwrap(), b"0123");
    assert_eq!(file.read_at(8, 4).unwrap(), b"89");
    assert_eq!(file.read_at(10, 4).unwrap(), b"");
    assert_eq!(file.read_at(0, 0).unwrap(), b"");
    for beyond in [
        11,
        1 << 40,
        i64::MAX.cast_unsigned() - 1,
        i64::MAX.cast_unsigned(),
        u64::MAX - 3,
        u64::MAX,
    ] {
        assert_eq!(file.read_at(beyond, 4).unwrap(), b"", "{beyond}");
    }
}

#[test]
fn one_call_transfers_no_more_than_the_maximum() {
    let max = MAX_TRANSFER_BYTES as usize;
    let place = Place::new();
    place.write("file", vec![7; max + 1]);
    let dir = place.open();
    let file = dir.open_write("file".into()).unwrap();
    assert_eq!(file.read_at(0, MAX_TRANSFER_BYTES).unwrap(), vec![7; max]);
    assert_eq!(
        file.read_at(0, MAX_TRANSFER_BYTES + 1),
        Err(FileError::TooLarge)
    );
    assert_eq!(file.read_at(0, u32::MAX), Err(FileError::TooLarge));
    file.write_at(1, &vec![8; max]).unwrap();
    assert_eq!(
        file.write_at(0, &vec![9; max + 1]),
        Err(FileError::TooLarge)
    );
    assert_eq!(
        dir.open_append("file".into())
            .unwrap()
            .append(&vec![9; max + 1]),
        Err(FileError::TooLarge)
    );
    let written = fs::read(place.path("file")).unwrap();
    assert_eq!((written.len(), written[0], written[max]), (max + 1, 7, 8));
}

#[test]
fn what_is_read_takes_no_more_memory_than_it_has_bytes() {
    let place = Place::new();
    place.write("file", "small");
    let data = content(&place.open().open_file("file".into()).unwrap()).unwrap();
    assert!(data.capacity() < 64, "{} bytes for 5", data.capacity());
}

#[test]
fn an_offset_no_file_can_have_is_too_large_to_write() {
    let place = Place::new();
    let file = place.open().create("file".into()).unwrap();
    for offset in [i64::MAX.cast_unsigned(), u64::MAX - 1, u64::MAX] {
        assert_eq!(
            file.write_at(offset, b"xx"),
            Err(FileError::TooLarge),
            "{offset}"
        );
    }
    assert_eq!(file.truncate(u64::MAX), Err(FileError::TooLarge));
    assert_eq!(file.len(), Ok(0));
}

#[test]
fn a_gap_reads_as_zeros() {
    let place = Place::new();
    let file = place.open().create("file".into()).unwrap();
    file.write_at(3, b"x").unwrap();
    assert_eq!(content(&file).unwrap(), b"\0\0\0x");
    file.truncate(6).unwrap();
    assert_eq!(content(&file).unwrap(), b"\0\0\0x\0\0");
    file.truncate(1).unwrap();
    assert_eq!(content(&file).unwrap(), b"\0");
    file.sync().unwrap();
}

#[test]
fn a_file_that_changes_meanwhile_is_read_as_it_is() {
    let place = Place::new();
    place.write("file", "before");
    let file = place.open().open_file("file".into()).unwrap();
    place.write("file", "");
    assert_eq!(content(&file).unwrap(), b"");
    place.write("file", "longer than before");
    assert_eq!(file.read_at(7, 100).unwrap(), b"than before");
    fs::remove_file(place.path("file")).unwrap();
    assert_eq!(
        file.len(),
        Ok(18),
        "the object names the file, not the place"
    );
}

#[test]
fn two_that_append_do_not_overwrite_each_other() {
    let place = Place::new();
    place.write("log", "");
    let dir = Arc::new(place.open().append_only().unwrap());
    thread::scope(|scope| {
        for writer in [b"a\n", b"b\n"] {
            let log = dir.open_append("log".into()).unwrap();
            scope.spawn(move || (0..1_000).for_each(|_| log.append(writer).unwrap()));
        }
    });
    let log = fs::read_to_string(place.path("log")).unwrap();
    let count = |line| log.lines().filter(|&found| found == line).count();
    assert_eq!((log.len(), count("a"), count("b")), (4_000, 1_000, 1_000));
}

#[test]
fn saving_by_renaming_replaces_in_one_step() {
    let place = Place::new();
    place.write("settings", "old");
    let dir = place.open();
    let reader = dir.open_file("settings".into()).unwrap();
    dir.create("settings.new".into())
        .unwrap()
        .write_at(0, b"new")
        .unwrap();
    dir.rename("settings.new".into(), "settings".into())
        .unwrap();
    assert_eq!(content(&reader).unwrap(), b"old");
    assert_eq!(
        content(&dir.open_file("settings".into()).unwrap()).unwrap(),
        b"new"
    );
    assert_eq!(dir.list().unwrap().count(), 1);
}

#[test]
fn metadata_tells_length_and_time() {
    let place = Place::new();
    place.write("file", "12345");
    let metadata = place.open().metadata("file".into()).unwrap();
    assert_eq!((metadata.kind, metadata.len), (EntryKind::File, 5));
    assert_eq!(
        metadata.modified.unwrap(),
        fs::metadata(place.path("file"))
            .unwrap()
            .modified()
            .unwrap()
    );
}

/// D7. In a process of its own, since the limit is the process's. Fails (a signal ends that process) if `truncate`, `write_at`
/// or `append` does not go through `within_limit`.
#[test]
fn what_is_beyond_the_limit_on_file_sizes_is_too_large() {
    const CHILD: &str = "RUNTIME_TEST_LIMIT";
    const LIMIT: u64 = 64 << 10;
    const NAME: &str = "powers::tests::files::what_is_beyond_the_limit_on_file_sizes_is_too_large";
    if cfg!(miri) {
        return;
    }
    let Some(call) = std::env::var_os(CHILD) else {
        for call in ["truncate", "write_at", "append"] {
            let this = std::env::current_exe().unwrap();
            let output = std::process::Command::new(this)
                .args([NAME, "--exact", "--test-threads=1"])
                .env(CHILD, call)
                .output()
                .unwrap();
            let told = String::from_utf8_lossy(&output.stdout);
            assert!(
                told.contains("1 passed"),
                "{call}: {} {told}",
                output.status
            );
        }
        return;
    };
    let place = Place::new();
    place.write("file", vec![7; 1 << 10]);
    let dir = place.open();
    let limit = Rlimit {
        current: Some(LIMIT),
        maximum: getrlimit(Resource::Fsize).maximum,
    };
    setrlimit(Resource::Fsize, limit).unwrap();
    let file = if call == "append" {
        dir.open_append("file".into())
    } else {
        dir.open_write("file".into())
    }
    .unwrap();
    let rest = vec![8; 63 << 10];
    let outcomes = match call.to_str().unwrap() {
        "truncate" => [file.truncate(LIMIT), file.truncate(LIMIT + 1)],
        "write_at" => [
            file.write_at(1 << 10, &rest),
            file.write_at(LIMIT - 1, &[9; 2]),
        ],
        _ => [file.append(&rest), file.append(&[9])],
    };
    assert_eq!(outcomes, [Ok(()), Err(FileError::TooLarge)]);
    assert_eq!(
        file.len(),
        Ok(LIMIT),
        "nothing is written of what is refused"
    );
    if call == "truncate" {
        assert_eq!(file.truncate(1 << 40), Err(FileError::TooLarge));
        assert_eq!(file.truncate(1), Ok(()));
    }
}
