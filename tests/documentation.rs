//! The documentation names tests, models and fuzz targets: they exist, and each promise has some.
//!
//! A name is a piece of code that begins with its kind, as `tests::` does; `membrane::docs::invariants` lists the kinds.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const KINDS: [&str; 7] = ["tests", "guests", "loom", "unit", "stress", "ui", "fuzz"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: impl AsRef<Path>) -> Result<String, String> {
    let path = root().join(path);
    fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
}

/// All files of the documentation, by their paths from the root.
fn pages() -> Vec<PathBuf> {
    fn walk(directory: &Path, into: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(root().join(directory)).expect("a directory") {
            let entry = entry.expect("an entry");
            let path = directory.join(entry.file_name());
            if entry.path().is_dir() {
                walk(&path, into);
            } else {
                into.push(path);
            }
        }
    }
    let mut pages = vec![PathBuf::from(".github/SECURITY.md")];
    walk(Path::new("membrane/src/docs"), &mut pages);
    pages
}

/// The lines of a page that are prose: without comment marks, and without blocks of code.
fn prose(text: &str) -> Vec<&str> {
    let mut in_code = false;
    let lines = text
        .lines()
        .map(|line| line.strip_prefix("//!").unwrap_or(line).trim());
    lines
        .filter(|line| {
            let fence = line.starts_with("```");
            in_code ^= fence;
            !in_code && !fence
        })
        .collect()
}

/// The names in a line.
fn names(line: &str) -> Vec<&str> {
    let code = line.split('`').skip(1).step_by(2);
    code.filter(|code| {
        code.split_once("::")
            .is_some_and(|(kind, rest)| KINDS.contains(&kind) && !rest.is_empty())
    })
    .collect()
}

/// Whether `text` has a test of this name: a function with `#[test]` among what is said of it.
fn has_test(text: &str, name: &str) -> bool {
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    let head = format!("fn {name}(");
    let said = |line: &&&str| line.starts_with("#[") || line.starts_with("///");
    lines.iter().enumerate().any(|(at, line)| {
        line.starts_with(&head)
            && lines[..at]
                .iter()
                .rev()
                .take_while(said)
                .any(|line| *line == "#[test]")
    })
}

fn has_entry(manifest: &str, table: &str, name: &str) -> Result<(), String> {
    let entry = format!("[[{table}]]\nname = \"{name}\"\n");
    if read(manifest)?.contains(&entry) {
        Ok(())
    } else {
        Err(format!("{manifest} has no [[{table}]] {name}"))
    }
}

/// Says what is wrong with a name.
fn check(name: &str) -> Result<(), String> {
    let parts: Vec<_> = name.split("::").collect();
    if parts.iter().any(|part| part.is_empty()) {
        return Err("a part is missing".into());
    }
    let member = |name| match name {
        "gate" => Ok("membrane/gate"),
        "membrane" => Ok("membrane"),
        "runtime" => Ok("runtime"),
        other => Err(format!("no crate of tests is called {other}")),
    };
    let file = match *parts {
        ["tests", target, ref modules @ .., _] => {
            has_entry("tests/Cargo.toml", "test", target)?;
            [&["tests", target], modules].concat().join("/")
        }
        ["guests", ref modules @ .., _] if !modules.is_empty() => {
            format!("tests/guests/{}", modules.join("/"))
        }
        ["loom", krate, module, _] if module.starts_with("loom_") => {
            format!("{}/src/tests/{module}", member(krate)?)
        }
        ["unit", krate, ref modules @ .., _] if !modules.is_empty() => {
            format!("{}/src/{}", member(krate)?, modules.join("/"))
        }
        ["stress", krate, _] => format!("{}/tests/stress", member(krate)?),
        ["ui", case] => {
            for beside in ["fail/{}.rs", "fail/{}.stderr", "pass/{}.rs"] {
                read(Path::new("tests/ui").join(beside.replace("{}", case)))?;
            }
            return Ok(());
        }
        ["fuzz", target] => {
            has_entry("fuzz/Cargo.toml", "bin", target)?;
            let source = read(format!("fuzz/fuzz_targets/{target}.rs"))?;
            let corpus = fs::read_dir(root().join("fuzz/corpus").join(target));
            let seeds = corpus.map_or(0, Iterator::count);
            if !source.contains("fuzz_target!") || seeds == 0 {
                return Err("it fuzzes nothing, or has no corpus".into());
            }
            return Ok(());
        }
        _ => return Err("it leads nowhere".into()),
    };
    let test = parts[parts.len() - 1];
    if has_test(&read(format!("{file}.rs"))?, test) {
        Ok(())
    } else {
        Err(format!("{file}.rs has no test {test}"))
    }
}

#[test]
fn every_name_in_the_documentation_is_somebodys() {
    let mut wrong = Vec::new();
    let mut found = BTreeSet::new();
    for page in pages() {
        let text = read(&page).expect("it was listed");
        for line in prose(&text) {
            for name in names(line) {
                found.insert(name.to_owned());
                if let Err(why) = check(name) {
                    wrong.push(format!("{}: {name}: {why}", page.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for kind in KINDS {
        let of_kind = found.iter().filter(|name| name.starts_with(kind));
        assert!(of_kind.count() > 0, "nothing of {kind} was found");
    }
    assert!(found.len() > 200, "only {} names were found", found.len());
}

/// Names like those of the documentation, and wrong. Fails if the check above cannot fail.
#[test]
fn name_that_is_nobodys_is_found() {
    for (name, why) in [
        ("tests::hiding::no_such_test", "has no test no_such_test"),
        // A function, and no test.
        ("tests::hiding::seen", "has no test seen"),
        (
            "tests::hiding::nowhere::clone_is_the_same_reference",
            "No such file",
        ),
        // A file of another target's.
        (
            "tests::depth::recursion_through_one_lease_ends_with_an_error",
            "no [[test]] depth",
        ),
        ("tests::hiding", "it leads nowhere"),
        ("guests::forged::no_such_test", "has no test no_such_test"),
        ("guests::forged", "it leads nowhere"),
        (
            "loom::gate::loom_revoke::no_such_model",
            "has no test no_such_model",
        ),
        (
            "loom::gate::revocation::scope_keeps_its_options_and_data",
            "it leads nowhere",
        ),
        (
            "loom::macros::loom_revoke::exit_check_is_needed",
            "no crate of tests",
        ),
        (
            "unit::membrane::table::no_such_test",
            "has no test no_such_test",
        ),
        ("unit::membrane::no_such_test", "it leads nowhere"),
        (
            "stress::membrane::target_is_never_taken_while_a_call_is_inside",
            "No such file",
        ),
        ("ui::no_such_case", "No such file"),
        ("fuzz::no_such_target", "no [[bin]] no_such_target"),
        ("tests::::clone_is_the_same_reference", "a part is missing"),
    ] {
        let said = check(name).expect_err(name);
        assert!(said.contains(why), "{name}: {said}");
    }
    let line = "| `tests::a::b`, *`fuzz::c`* and `tests::` and `Arc::ptr_eq` and tests::d::e |";
    assert_eq!(names(line), ["tests::a::b", "fuzz::c"]);
    let page = "//! `a`\n//! ```\n//! `b`\n//! ```\n//! `c`";
    assert_eq!(prose(page), ["`a`", "`c`"]);
}

/// The promises of `invariants`, each with the names that follow it.
fn promises(text: &str) -> Vec<(String, Vec<&str>)> {
    let mut promises: Vec<(String, Vec<&str>)> = Vec::new();
    for line in prose(text) {
        let number = line
            .strip_prefix("**K")
            .and_then(|rest| rest.split_once("**"));
        if let Some((number, _)) = number {
            promises.push((format!("K{number}"), Vec::new()));
        } else if let Some((_, found)) = promises.last_mut() {
            found.extend(names(line));
        }
    }
    promises
}

#[test]
fn every_promise_is_numbered_and_names_what_breaks() {
    let text = read("membrane/src/docs/invariants.rs").expect("it is there");
    let promises = promises(&text);
    assert!(promises.len() >= 25);
    for (index, (number, names)) in promises.iter().enumerate() {
        assert_eq!(*number, format!("K{}", index + 1));
        assert!(names.len() >= 3, "{number} names {names:?}");
    }
    // Whoever refers to one refers to one that there is.
    for page in pages() {
        let text = read(&page).expect("it was listed");
        for word in text.split(|c: char| !c.is_alphanumeric()) {
            let Some(number) = word.strip_prefix('K') else {
                continue;
            };
            if let Ok(number) = number.parse::<usize>() {
                assert!(
                    (1..=promises.len()).contains(&number),
                    "{}: {word}",
                    page.display()
                );
            }
        }
    }
}

#[test]
fn every_primitive_is_numbered_and_has_its_test_or_is_out_of_scope() {
    let text = read("membrane/src/docs/proposal/hiding.rs").expect("it is there");
    let mut count = 0;
    for line in prose(&text) {
        let Some(row) = line.strip_prefix("| **H") else {
            continue;
        };
        count += 1;
        let (number, _) = row.split_once("**").expect("a number");
        assert_eq!(number, count.to_string());
        let last = row.trim_end_matches('|').rsplit('|').next().unwrap_or("");
        assert!(
            !names(last).is_empty() || last.trim() == "out of scope",
            "H{number}: {last}"
        );
    }
    assert!(count >= 59, "{count}");
}

#[test]
fn every_boundary_says_what_is_promised_and_by_which_tests() {
    let text = read("membrane/src/docs/proposal/threats.md").expect("it is there");
    let security = read(".github/SECURITY.md").expect("it is there");
    let boundaries: Vec<_> = text.split("\n# Boundary ").skip(1).collect();
    assert!(boundaries.len() >= 8);
    for (index, boundary) in boundaries.iter().enumerate() {
        let number = index + 1;
        assert!(boundary.starts_with(&format!("{number}: ")));
        assert!(security.contains(&format!("\n| {number} | ")), "{number}");
        for row in ["Hostile", "Holds", "May try", "Promised", "Not promised"] {
            assert!(
                boundary.contains(&format!("\n| {row} | ")),
                "{number}: {row}"
            );
        }
        let shown = boundary
            .lines()
            .find(|line| line.starts_with("| Shown by | "))
            .expect("it is shown");
        assert!(!names(shown).is_empty(), "{number}");
    }
}
