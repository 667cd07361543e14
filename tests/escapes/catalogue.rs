//! The catalogue: every class of escape that was found in a real system, and what became of it here.

use std::collections::BTreeSet;
use std::process::Command;

/// What becomes of a class here.
pub(crate) enum Stand {
    /// It is staged, by these tests.
    Staged(&'static [&'static str]),
    /// It cannot exist, for this reason; with what shows that, if anything can: a case of `ui/`.
    #[allow(dead_code, reason = "there may be none")]
    Impossible(&'static str, Option<&'static str>),
}

/// A section's classes: the id of each, and what became of it.
pub(crate) type Classes = &'static [(&'static str, Stand)];

/// How many classes each section has.
const SECTIONS: [(Classes, usize); 6] = [
    (crate::crossing::CLASSES, 17),
    (crate::unwrapping::CLASSES, 12),
    (crate::checking::CLASSES, 14),
    (crate::machinery::CLASSES, 13),
    (crate::side_doors::CLASSES, 21),
    (crate::beyond::CLASSES, 17),
];

/// The tests of this program, as it names them itself.
fn tests() -> BTreeSet<String> {
    let this = std::env::current_exe().expect("a test is a program");
    let output = Command::new(this)
        .arg("--list")
        .output()
        .expect("it starts");
    let listing = String::from_utf8(output.stdout).expect("names are UTF-8");
    let names = listing
        .lines()
        .filter_map(|line| line.strip_suffix(": test"));
    names.map(str::to_owned).collect()
}

#[test]
fn every_class_is_staged_or_cannot_exist() {
    let tests = tests();
    let mut staged = BTreeSet::new();
    let mut ids = BTreeSet::new();
    let classes = SECTIONS.iter().flat_map(|(classes, _)| *classes);
    for (id, stand) in classes {
        assert!(ids.insert(id), "{id} twice");
        match stand {
            Stand::Staged(names) => {
                assert!(!names.is_empty(), "{id} by no test");
                for name in *names {
                    assert!(tests.contains(*name), "{id}: there is no test `{name}`");
                    let prefix = format!("{}_", id.to_lowercase());
                    let own = name.rsplit("::").next().expect("a name");
                    assert!(own.starts_with(&prefix), "{id}: `{name}` is another's");
                    staged.insert((*name).to_owned());
                }
            }
            Stand::Impossible(reason, shown) => {
                assert!(reason.len() > 40, "{id}: for what reason?");
                if let Some(case) = shown {
                    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
                        .join("ui")
                        .join(case);
                    assert!(path.exists(), "{id}: there is no {}", path.display());
                }
            }
        }
    }
    let attacks = tests.iter().filter(|name| !name.starts_with("catalogue::"));
    let unnamed: Vec<_> = attacks.filter(|name| !staged.contains(*name)).collect();
    assert!(unnamed.is_empty(), "in no class: {unnamed:?}");
    for (classes, count) in SECTIONS {
        assert_eq!(
            classes.len(),
            count,
            "{:?}",
            classes.first().map(|(id, _)| id)
        );
    }
    println!("{} classes staged by {} tests", ids.len(), staged.len());
}
