//! What must not compile, each with a compiling twin.
//!
//! `ui/fail/x.rs` makes one mistake, which `ui/pass/x.rs` does not make; `ui/fail/x.stderr` is what the compiler says to
//! it. After a change of the messages: `TRYBUILD=overwrite cargo test -p tests --test compile`, and read the difference.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// The most lines in which twins differ.
const MISTAKE: usize = 8;

fn directory(kind: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("ui").join(kind)
}

/// The names of the cases of one kind.
fn cases(kind: &str, extension: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(directory(kind)).expect("the directory is in the repository");
    entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .map(|path| {
            path.file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned()
        })
        .collect()
}

fn source(kind: &str, name: &str) -> String {
    fs::read_to_string(directory(kind).join(name).with_extension("rs")).expect("a case")
}

/// How many lines of `a` and of `b` lie between those that both begin and those that both end with.
fn difference(a: &str, b: &str) -> (usize, usize) {
    let (a, b): (Vec<_>, Vec<_>) = (a.lines().collect(), b.lines().collect());
    let start = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[start..], &b[start..]);
    let end = a
        .iter()
        .rev()
        .zip(b.iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    (a.len() - end, b.len() - end)
}

#[test]
fn every_refused_case_has_a_twin_without_the_mistake() {
    let refused = cases("fail", "rs");
    assert_eq!(refused, cases("pass", "rs"));
    assert_eq!(refused, cases("fail", "stderr"));
    for name in refused {
        let (wrong, right) = difference(&source("fail", &name), &source("pass", &name));
        assert!(wrong + right > 0, "{name}: the twins are the same");
        assert!(
            wrong.max(right) <= MISTAKE,
            "{name}: the twins differ in {wrong} and {right} lines"
        );
    }
}

#[test]
fn refused_cases_do_not_compile_and_say_why() {
    trybuild::TestCases::new().compile_fail("ui/fail/*.rs");
}

/// All twins as modules of one program, since each program of its own takes a second to build.
#[test]
fn twins_of_refused_cases_compile() {
    let mut program = String::from("#![allow(unused, unexpected_cfgs)]\n");
    for name in cases("pass", "rs") {
        let path = directory("pass").join(&name).with_extension("rs");
        writeln!(program, "#[path = {path:?}]\nmod {name};").expect("written to memory");
    }
    program.push_str("fn main() {}\n");
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("twins.rs");
    fs::write(&file, program).expect("a directory of our own");
    trybuild::TestCases::new().pass(file);
}
