//! What the membrane costs, one line a row: `row<TAB>measured<TAB>limit<TAB>ok|short`.
//!
//! `cargo bench -p object-membrane --bench report`, under two minutes. A row that misses its limit says `short`; a row
//! without a limit (`-`) says what was measured. `-- NAME` runs one part: `calls`, `threads`, `objects`, `grants`, `waiting`.
//!
//! # How it is measured
//!
//! Everything is compared with a plain `Arc<dyn Trait>` call of the same run: the same loop, over targets that the
//! compiler cannot see through. Each figure is the least of many short repetitions, which take turns with those of what it
//! is compared with, on one pinned core: what other load takes away is then not in it. Limits in nanoseconds that table P
//! gives "where a direct call takes 1.1 ns" are compared after scaling by what the direct call took.
//!
//! Long work (a million wraps) is timed in pieces of a thousand, each the least over the repetitions, and summed; a
//! revocation, which cannot be, by the time that its thread had. Memory
//! is what was requested of a counting allocator, less what was given back.

#![forbid(unsafe_code)]

mod calls;
mod counting;
mod grants;
mod objects;
mod others;
mod row;
#[path = "../scenarios/mod.rs"]
mod scenarios;
mod threads;
mod timing;
mod waiting;

/// A part of the report.
type Part = (&'static str, fn());

const PARTS: [Part; 5] = [
    ("calls", calls::report),
    ("threads", threads::report),
    ("objects", objects::report),
    ("grants", grants::report),
    ("waiting", waiting::report),
];

fn main() {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let named = |name: &str| asked.iter().any(|argument| argument == name);
    let all = !PARTS.iter().any(|(name, _)| named(name));
    timing::pin(0);
    println!("row\tmeasured\tlimit\tresult");
    for (name, report) in PARTS {
        if all || named(name) {
            report();
        }
    }
}
