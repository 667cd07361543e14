//! Instructions per call, counted by callgrind: the same from run to run, whatever else the machine does.
//!
//! `cargo bench -p object-membrane --bench instructions` runs itself under `valgrind --tool=callgrind` at two run lengths
//! and takes the difference. It fails if a scenario takes over 2 % more than `benches/instructions.baseline` says
//! (and more than one instruction); `-- --bless` writes that file.

mod scenarios;

use std::fmt::Write as _;
use std::hint::black_box;
use std::path::Path;
use std::process::{Command, ExitCode};

const SHORT: u64 = 1_000;
const LONG: u64 = 11_000;
const BASELINE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/instructions.baseline");

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().collect();
    if let [_, flag, index, calls] = args.as_slice()
        && flag == "--child"
    {
        let index: usize = index.parse().expect("given by the parent");
        let calls = calls.parse().expect("given by the parent");
        black_box(scenarios::all()[index].run(calls));
        return ExitCode::SUCCESS;
    }
    if Command::new("valgrind").arg("--version").output().is_err() {
        eprintln!("valgrind is not installed: install it to count instructions");
        return ExitCode::FAILURE;
    }
    let bless = args.iter().any(|arg| arg == "--bless");
    let baseline = std::fs::read_to_string(Path::new(BASELINE)).unwrap_or_default();
    let mut written = String::new();
    let mut failed = false;
    println!(
        "{:<24} {:>12} {:>10} {:>10}",
        "call", "instructions", "over base", "baseline"
    );
    let mut counts: Vec<(&str, f64)> = Vec::new();
    for (index, scenario) in scenarios::all().iter().enumerate() {
        let count = per_call(index);
        counts.push((scenario.name, count));
        let base = counts
            .iter()
            .find(|(name, _)| *name == scenario.base)
            .map_or(count, |(_, count)| *count);
        let before: Option<f64> = baseline
            .lines()
            .filter_map(|line| line.split_once('\t'))
            .find(|(name, _)| *name == scenario.name)
            .and_then(|(_, count)| count.parse().ok());
        let worse = before.is_some_and(|before| count > before * 1.02 && count > before + 1.0);
        failed |= worse || (before.is_none() && !bless);
        let shown = before.map_or("none".into(), |before| format!("{before:.1}"));
        let mark = if worse { "  regressed" } else { "" };
        println!(
            "{:<24} {count:>12.1} {:>+10.1} {shown:>10}{mark}",
            scenario.name,
            count - base
        );
        writeln!(written, "{}\t{count:.1}", scenario.name).expect("a string takes everything");
    }
    if bless {
        std::fs::write(BASELINE, written).expect("the baseline is writable");
    } else if failed {
        eprintln!(
            "a scenario takes more instructions than its baseline, or has none: `-- --bless` if that is right"
        );
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// Instructions for one call of the scenario.
#[allow(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn per_call(index: usize) -> f64 {
    (count(index, LONG) - count(index, SHORT)) as f64 / (LONG - SHORT) as f64
}

/// Instructions for a whole run.
fn count(index: usize, calls: u64) -> i64 {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe().expect("this program has a path"))
        .args(["--child", &index.to_string(), &calls.to_string()])
        .output()
        .expect("valgrind runs");
    let text = String::from_utf8_lossy(&output.stderr);
    let collected = text
        .lines()
        .find_map(|line| line.split_once("Collected :"))
        .map(|(_, number)| number.trim());
    collected
        .and_then(|number| number.parse().ok())
        .unwrap_or_else(|| panic!("callgrind printed no count:\n{text}"))
}
