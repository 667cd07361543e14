//! The program against trees whose counts are known, and against a host or a plugin that goes wrong.

mod plugins;
mod tampered;
mod tree;

use std::{
    collections::BTreeSet,
    ffi::{OsStr, OsString},
    fs,
    io::{self, Write},
    os::unix::{ffi::OsStrExt, fs::symlink},
    path::Path,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use membrane::{Direction, Error, ErrorKind, Membrane, Policy};
use plugin::{OPEN_LEVELS, Plugin, Progress, Snapshot, Watch, plugin};
use runtime::{Dir, FileError, HostDir, ambient_authority};
use serde_json::Value;

use crate::{
    command::{self, Streams},
    host,
    ledger::Lent,
};
use tampered::tampered;
use tree::{Expected, tree};

/// Runs the command line, and returns the status and what it wrote.
fn run(arguments: &[&OsStr]) -> (u8, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let streams = Streams {
        out: &mut out,
        err: &mut err,
        is_terminal: false,
    };
    let status = command::run(arguments.iter().map(OsString::from), streams);
    (
        status,
        String::from_utf8(out).unwrap(),
        String::from_utf8(err).unwrap(),
    )
}

/// Lends to a plugin that is a module of this program.
fn native(
    plugin: Arc<dyn Plugin>,
    dir: Arc<dyn Dir>,
    show: &mut dyn FnMut(Snapshot),
) -> Result<host::Outcome, host::Failure> {
    host::lend(&Membrane::new(host::policy().unwrap()), plugin, dir, show)
}

/// Runs with `--json` on a directory that can be lent.
fn json(dir: &Path) -> (Value, String) {
    let (status, out, err) = run(&["--json".as_ref(), dir.as_os_str()]);
    assert_eq!((status, err.as_str()), (0, ""));
    let line = out.lines().last().unwrap();
    (serde_json::from_str(line).unwrap(), out)
}

fn lent(path: &Path) -> Arc<dyn Dir> {
    Arc::new(HostDir::open_ambient(path, ambient_authority()).unwrap())
}

#[test]
fn the_sums_are_those_of_an_independent_walk() {
    let tree = tree();
    let dir = tree.path();
    let expected = Expected::of(&dir);
    let (json, out) = json(&dir);
    assert_eq!(json["files"], expected.files);
    assert_eq!(json["bytes"], expected.bytes);
    assert_eq!(json["lines"], expected.lines);
    assert_eq!(expected.largest.as_ref().unwrap().0, 512 * 1024);
    assert_eq!(
        json["largest"], "a-b/two blocks",
        "of two that are equally large the first"
    );
    assert_eq!(
        expected.largest.as_ref().unwrap().1,
        Path::new("a-b/two blocks")
    );
    assert_eq!(
        json["denied"],
        serde_json::json!(["remove", "create", "write", "parent", "link"])
    );
    assert_eq!(json["revoked_after"], expected.files / 2);
    assert_eq!(json["after_revoke"], format!("revoked: {}", host::REASON));
    assert_eq!(
        (&json["in_flight"], &json["targets_alive"]),
        (&0.into(), &0.into())
    );
    assert!(json["progress_calls"].as_u64().unwrap() > 0);
    assert!(
        out.contains("links                     6  not followed"),
        "{out}"
    );
    assert!(
        out.contains("special                   1  not opened"),
        "{out}"
    );
    assert_eq!(expected, Expected::of(&dir), "the tree is as it was");
    assert!(!dir.join("plugin-was-here").exists());
    // Root reads everything; others get these two named.
    let unreadable: Vec<String> = expected
        .unreadable
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    let named = json
        .get("unreadable")
        .map_or(&[][..], |named| named.as_array().unwrap());
    assert_eq!(
        named
            .iter()
            .filter_map(Value::as_str)
            .collect::<BTreeSet<_>>(),
        unreadable.iter().map(String::as_str).collect()
    );
}

/// What the plugin finds does not depend on what it is: the same source, in a guest of its own or in this program.
#[test]
fn native_plugin_and_component_tell_the_same() {
    let tree = tree();
    let dir = tree.path();
    let (mut component, _) = json(&dir);
    let (status, out, err) = run(&["--json".as_ref(), "--native".as_ref(), dir.as_os_str()]);
    assert_eq!((status, err.as_str()), (0, ""));
    let mut native: Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
    let forged = component.as_object_mut().unwrap().remove("forged");
    assert!(forged.is_some() && native.get("forged").is_none());
    // How often it is asked depends on how fast it is.
    for told in [&mut component, &mut native] {
        told.as_object_mut().unwrap().remove("progress_calls");
    }
    assert_eq!(component, native);
}

#[test]
fn json_has_its_fields_in_order_on_the_last_line() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("a"), "1\n2\n").unwrap();
    let (json, out) = json(root.path());
    // How often depends on how fast the machine is.
    let asked = json["progress_calls"].as_u64().unwrap();
    let expected = format!(
        concat!(
            r#"{{"files":1,"bytes":4,"lines":2,"largest":"a","denied":["remove","create","write","parent"],"#,
            r#""progress_calls":{},"revoked_after":0,"after_revoke":"revoked: {}","in_flight":0,"targets_alive":0,"#,
            r#""forged":{{"made_up":"{broke}","stale":"{broke}","foreign":"{broke}"}}}}"#,
        ),
        asked,
        host::REASON,
        broke = "revoked: the guest broke the rules of its boundary"
    );
    assert!(out.ends_with(&format!("\n{expected}\n")), "{out}");
    let (status, human, _) = run(&[root.path().as_os_str()]);
    assert_eq!(
        (status, human.lines().count() + 1),
        (0, out.lines().count()),
        "without --json that line is missing"
    );
}

#[test]
fn what_cannot_be_lent_is_a_message_and_status_2() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("file"), "").unwrap();
    for (name, why) in [
        ("nothing", "No such file or directory"),
        ("file", "Not a directory"),
        ("file/below", "Not a directory"),
    ] {
        let path = root.path().join(name);
        let (status, out, err) = run(&["--json".as_ref(), path.as_os_str()]);
        assert_eq!((status, out.as_str()), (2, ""), "{name}");
        assert!(
            err.starts_with(&format!(
                "plugin_host: cannot lend {}: {why}",
                path.display()
            )),
            "{err}"
        );
        assert_eq!(err.lines().count(), 1);
    }
    let (status, out, err) = run(&["--nonsense".as_ref()]);
    assert_eq!((status, out.as_str()), (2, ""));
    assert!(err.contains("--nonsense"), "{err}");
    assert_eq!(run(&["--help".as_ref()]).0, 0);
}

#[test]
fn an_empty_directory_is_all_zeros() {
    let root = tempfile::tempdir().unwrap();
    let (json, _) = json(root.path());
    for field in [
        "files",
        "bytes",
        "lines",
        "progress_calls",
        "revoked_after",
        "in_flight",
        "targets_alive",
    ] {
        assert_eq!(json[field], 0, "{field}");
    }
    assert_eq!(json["largest"], "");
    assert_eq!(json["after_revoke"], format!("revoked: {}", host::REASON));
}

#[test]
fn names_that_are_not_utf_8_are_not_lost_and_cannot_steer_the_terminal() {
    let root = tempfile::tempdir().unwrap();
    fs::write(
        root.path().join(OsStr::from_bytes(b"a\\\xff\x1b[2J")),
        "large enough",
    )
    .unwrap();
    let (json, out) = json(root.path());
    assert_eq!(json["largest"], "a\\\\\\xff\u{1b}[2J");
    assert!(out.contains(r"a\\\xff\u{1b}[2J"), "{out}");
    assert!(!out.contains('\u{1b}'));
}

fn lend(dir: Arc<dyn Dir>) -> host::Outcome {
    let outcome = native(plugin(), dir, &mut |_| {}).unwrap();
    assert_eq!(outcome.breaches(), [""; 0]);
    outcome
}

#[test]
fn what_is_unreadable_is_counted_and_named_and_not_fatal() {
    let tree = tree();
    tree.open_up();
    let dir = tree.path();
    let all = lend(lent(&dir)).survey;
    assert_eq!((all.unreadable.files, all.unreadable.directories), (0, 0));
    let survey = lend(tampered(&dir, |method, name| {
        match (method, name.to_str()) {
            ("open_file", Some("forbidden")) | ("open_dir", Some("closed")) => {
                Err(FileError::Denied)
            }
            // A listing that breaks off.
            ("next", Some("newlines" | "two blocks")) => Err(FileError::Other(5)),
            // Gone since it was listed.
            ("open_file", Some("crlf")) => Err(FileError::NotFound),
            _ => Ok(()),
        }
    }))
    .survey;
    let named: BTreeSet<_> = survey
        .unreadable
        .named
        .iter()
        .map(|(path, error)| (str::from_utf8(path).unwrap(), error.to_string()))
        .collect();
    let denied = FileError::Denied.to_string();
    let broken = FileError::Other(5).to_string();
    assert_eq!(
        named,
        BTreeSet::from([
            ("a-b/", broken.clone()),
            ("a/b/c/", broken),
            ("closed/", denied.clone()),
            ("forbidden", denied),
        ])
    );
    assert_eq!(
        (survey.unreadable.files, survey.unreadable.directories),
        (1, 3)
    );
    // In the two listings that broke off were three files, one was in `closed`, and one is gone.
    assert_eq!(survey.counted.files, all.counted.files - 5);
}

#[test]
fn a_deep_tree_is_walked_with_few_handles() {
    const DEPTH: u64 = 200;
    let root = tempfile::tempdir().unwrap();
    let mut path = root.path().to_owned();
    for depth in 0..DEPTH {
        // Other names at each level, so that the way down comes now before and now after those beside it.
        for beside in ["a", "b", "c"] {
            let beside = path.join(format!("{beside}{depth}"));
            fs::create_dir(&beside).unwrap();
            fs::write(beside.join("file"), "line\n").unwrap();
        }
        fs::write(
            path.join(format!("file {depth}")),
            "x".repeat(usize::try_from(depth).unwrap()),
        )
        .unwrap();
        path.push("d");
        fs::create_dir(&path).unwrap();
    }
    let outcome = lend(lent(root.path()));
    let expected = Expected::of(root.path());
    assert_eq!(expected.files, 4 * DEPTH);
    let Snapshot {
        files,
        bytes,
        lines,
    } = outcome.survey.counted;
    assert_eq!(
        (files, bytes, lines),
        (expected.files, expected.bytes, expected.lines)
    );
    let deepest = format!("{}file 199", "d/".repeat(199));
    assert_eq!(outcome.survey.largest, Some((deepest.into_bytes(), 199)));
    assert_eq!(outcome.revoked_after, files / 2);
    // A directory and a listing for each open level and for the one being entered, the root, a file, and what takes the
    // plugin's object.
    let most = 2 * (OPEN_LEVELS as u64 + 1) + 3;
    assert!(
        outcome.lent.most_at_once <= most,
        "{} at once, {most} at most",
        outcome.lent.most_at_once
    );
}

#[test]
fn what_the_plugin_has_dropped_is_gone() {
    let root = tempfile::tempdir().unwrap();
    for number in 0..300 {
        let dir = root.path().join(format!("directory {number}"));
        fs::create_dir(&dir).unwrap();
        for number in 0..5 {
            fs::write(dir.join(format!("file {number}")), "x\n").unwrap();
        }
    }
    let outcome = lend(lent(root.path()));
    assert_eq!(
        outcome.survey.counted,
        Snapshot {
            files: 1_500,
            bytes: 3_000,
            lines: 1_500
        }
    );
    let Lent {
        ever,
        alive,
        most_at_once,
    } = outcome.lent;
    assert!(
        ever > 2 * 1_500 && alive == 0 && most_at_once <= 6,
        "{:?}",
        outcome.lent
    );
}

#[test]
fn the_call_that_runs_when_the_host_revokes_is_not_delivered() {
    let tree = tree();
    let outcome = lend(lent(&tree.path().join("a")));
    let running: Vec<String> = outcome.running.iter().map(ToString::to_string).collect();
    assert_eq!(running, ["Dir::open_file"]);
    assert_eq!(
        (outcome.survey.counted.files, outcome.revoked_after),
        (4, 2)
    );
    let revoked = format!("revoked: {}", host::REASON);
    assert_eq!(outcome.cut.as_ref(), Some(&revoked));
    assert_eq!(outcome.after_revoke.as_ref(), Err(&revoked));
    assert_eq!(outcome.lent_after_revoke.unwrap_err().to_string(), revoked);
    assert_eq!(outcome.callback_after_revoke, Some(ErrorKind::Revoked));
}

#[test]
fn progress_is_asked_for_while_the_plugin_works() {
    let root = tempfile::tempdir().unwrap();
    for number in 0..5 {
        fs::write(root.path().join(number.to_string()), "x\n").unwrap();
    }
    let slow = tampered(root.path(), |method, _| {
        if method == "open_file" {
            thread::sleep(Duration::from_millis(150));
        }
        Ok(())
    });
    let mut shown: Vec<Snapshot> = Vec::new();
    let outcome = native(plugin(), slow, &mut |snapshot| shown.push(snapshot)).unwrap();
    assert!(shown.len() >= 2, "{shown:?}");
    assert!(shown.is_sorted_by_key(|snapshot| snapshot.files));
    assert_eq!(
        outcome.progress_calls,
        shown.len() as u64 + 1,
        "and once at the end"
    );
}

/// The second walk never gets to where the host waits for it.
#[test]
fn a_tree_that_shrinks_does_not_hold_up_the_host() {
    let root = tempfile::tempdir().unwrap();
    for number in 0..10 {
        fs::write(root.path().join(number.to_string()), "x\n").unwrap();
    }
    let lists = Mutex::new(0);
    let outcome = lend(tampered(root.path(), move |method, _| {
        let mut lists = lists.lock().unwrap();
        *lists += u32::from(method == "list");
        // The second walk finds the listing broken at once.
        if method == "next" && *lists == 2 {
            Err(FileError::Other(5))
        } else {
            Ok(())
        }
    }));
    assert_eq!(
        (outcome.survey.counted.files, outcome.revoked_after),
        (10, 0)
    );
    assert!(outcome.running.is_empty());
}

#[test]
fn a_power_that_panics_is_an_error_to_the_plugin_and_the_host_goes_on() {
    let tree = tree();
    let outcome = lend(tampered(&tree.path().join("a"), |method, name| {
        assert!(method != "open_dir" || *name != "b", "on purpose");
        Ok(())
    }));
    assert_eq!(
        outcome.survey.cut,
        Some(Error::from(ErrorKind::Panicked).to_string())
    );
}

struct Unwatched;
impl Watch for Unwatched {
    fn watch(&self, _: Arc<dyn Progress>) -> Result<(), Error> {
        Ok(())
    }
}

/// The control: every attempt is real. Without a membrane those that a policy refuses succeed, and those that the power
/// refuses fail all the same.
#[test]
fn without_a_membrane_the_plugin_gets_through_with_what_the_policy_refuses() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("lent");
    fs::create_dir_all(dir.join("below")).unwrap();
    fs::write(dir.join("below/file"), "content").unwrap();
    symlink("/", dir.join("link")).unwrap();
    let plugin = plugin();
    plugin.start(lent(&dir), Arc::new(Unwatched)).unwrap();
    plugin.survey().unwrap();
    let attempts = plugin.overreach().unwrap();
    let outcomes: Vec<_> = attempts
        .iter()
        .map(|tried| (tried.what.as_str(), tried.outcome))
        .collect();
    let (invalid, link) = (Err(FileError::InvalidName), Err(FileError::SymbolicLink));
    assert_eq!(
        outcomes,
        [
            ("remove", Ok(())),
            ("create", Ok(())),
            // There is nothing left to write to.
            ("write", Err(FileError::NotFound)),
            ("parent", invalid),
            ("parent", invalid),
            ("parent", invalid),
            ("link", link),
            ("link", link),
        ]
    );
    assert!(!dir.join("below/file").exists() && dir.join("plugin-was-here").exists());

    let survey = plugin.survey().unwrap();
    assert_eq!(survey.some_file.as_deref(), Some(&b"plugin-was-here"[..]));
}

#[test]
fn every_breach_is_told() {
    let tree = tree();
    let mut outcome = lend(lent(&tree.path().join("a")));
    outcome.attempts[0].outcome = Ok(());
    outcome.lent.alive = 3;
    outcome.cut = None;
    outcome.after_revoke = Ok(());
    outcome.lent_after_revoke = Ok(());
    outcome.in_flight = 2;
    outcome.callback_after_revoke = None;
    assert_eq!(outcome.breaches().len(), 7);
}

/// The plugin has to be told why, in these words, and so has the host.
#[test]
fn a_revocation_without_the_reason_is_a_breach() {
    let tree = tree();
    let mut outcome = lend(lent(&tree.path().join("a")));
    let bare = Error::from(ErrorKind::Revoked);
    let of_another_membrane = {
        let membrane = Membrane::new(host::policy().unwrap());
        let lent = membrane.wrap(lent(&tree.path())).unwrap();
        membrane.revoke("another reason");
        lent.list().map(drop)
    };
    outcome.cut = Some(bare.to_string());
    outcome.after_revoke = Err("\u{1b}revoked".into());
    outcome.lent_after_revoke = Err(bare.into());
    let breaches = [
        "the plugin's running call was not cut off",
        r"the plugin was not told why it was cut off, but: \u{1b}revoked",
        "the host was not cut off from what it had lent",
    ];
    assert_eq!(outcome.breaches(), breaches);
    outcome.lent_after_revoke = of_another_membrane;
    assert_eq!(outcome.breaches(), breaches);
}

#[test]
fn the_policy_is_exactly_six_methods_in_and_one_out() {
    fn rules(policy: &Policy, direction: Direction) -> Vec<(&str, Vec<&str>)> {
        let rules = policy.rules(direction);
        rules
            .map(|rule| (rule.interface(), rule.methods().collect()))
            .collect()
    }
    let inbound = [
        ("Dir", vec!["list", "open_dir", "open_file"]),
        ("File", vec!["len", "read_at"]),
        ("Watch", vec!["watch"]),
    ];
    let policy = host::policy().unwrap();
    assert_eq!(rules(&policy, Direction::Inbound), inbound);
    assert_eq!(
        rules(&policy, Direction::Outbound),
        [("Progress", vec!["report"])]
    );
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    struct Gone;
    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let root = tempfile::tempdir().unwrap();
    let mut err = Vec::new();
    let streams = Streams {
        out: &mut Gone,
        err: &mut err,
        is_terminal: false,
    };
    assert_eq!(command::run([root.path().into()], streams), 0);
    assert!(err.is_empty());
}
