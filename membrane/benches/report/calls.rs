//! One call: the ratios of table P, what is refused, what else makes a reference revocable, and instructions.

use crate::counting::counted;
use crate::others;
use crate::row::{allocates_nothing, at_most, told, unknown};
use crate::scenarios::{self, Scenario};
use crate::timing::least;
use std::hint::black_box;

const CALLS: u64 = 2_000;
const REPETITIONS: usize = 4_000;
/// What a direct call takes where table P gives nanoseconds.
const NOMINAL_NS: f64 = 1.1;

pub(crate) fn report() {
    let own = scenarios::all();
    let mut scenarios = own.clone();
    scenarios.extend(others::all().into_iter().map(|(name, object)| Scenario {
        name,
        base: "direct",
        object,
        work: scenarios::add,
    }));
    let works: Vec<_> = scenarios
        .iter()
        .map(|scenario| |calls| scenario.run(calls))
        .collect();
    let times = least(REPETITIONS, CALLS, &works);
    let time = |name: &str| {
        let index = scenarios.iter().position(|scenario| scenario.name == name);
        times[index.expect("a scenario")]
    };
    let ratio = |name: &str| {
        let scenario = scenarios.iter().find(|scenario| scenario.name == name);
        time(name) / time(scenario.expect("a scenario").base)
    };
    let nominal = |ns: f64| ns / time("direct") * NOMINAL_NS;

    told(
        "direct call, with its loop",
        format!("{:.2} ns", time("direct")),
    );
    at_most("proxied call, to direct", ratio("proxied"), 3.0, "x");
    at_most(
        "proxied call returning a String, to direct",
        ratio("proxied, String"),
        3.2,
        "x",
    );
    at_most(
        "call inside a call, per hop, where direct is 1.1 ns",
        nominal((time("nested, 3 hops") - time("nested, 1 hop")) / 2.0),
        5.0,
        " ns",
    );
    at_most("leased call, to direct", ratio("leased"), 1.1, "x");
    at_most(
        "derivation depth 64, to depth 1",
        ratio("derived 64 deep"),
        1.02,
        "x",
    );
    at_most(
        "refused call (not allowed), where direct is 1.1 ns",
        nominal(time("refused")),
        3.0,
        " ns",
    );
    at_most(
        "refused call (revoked), where direct is 1.1 ns",
        nominal(time("revoked")),
        5.0,
        " ns",
    );
    for (name, row) in [
        ("proxied", "proxied call with scalars, 1,000 of them"),
        ("nested, 3 hops", "calls inside calls, 1,000 of them"),
        ("refused", "refused calls (not allowed), 1,000 of them"),
        ("revoked", "refused calls (revoked), 1,000 of them"),
    ] {
        let scenario = own.iter().find(|scenario| scenario.name == name);
        let scenario = scenario.expect("a scenario");
        let count = counted(|| {
            black_box(scenario.run(1_000));
        });
        allocates_nothing(row, count.allocations);
    }
    for other in &scenarios[own.len()..] {
        told(
            &format!("for comparison: {}, to direct", other.name),
            format_args!("{:.2}x ({:.2} ns)", ratio(other.name), time(other.name)),
        );
    }
    told(
        "for comparison: proxied call",
        format_args!("{:.2}x ({:.2} ns)", ratio("proxied"), time("proxied")),
    );
    instructions();
}

/// The counts that the bench `instructions` compares with, and takes with callgrind.
fn instructions() {
    const COUNTED: &str = include_str!("../instructions.baseline");
    let count = |name: &str| {
        let mut lines = COUNTED.lines().filter_map(|line| line.split_once('\t'));
        let (_, count) = lines.find(|(of, _)| *of == name)?;
        count.parse::<f64>().ok()
    };
    for (row, name, base, limit) in [
        ("proxied call", "proxied", "direct", 48.0),
        (
            "proxied call returning a String",
            "proxied, String",
            "direct, String",
            60.0,
        ),
    ] {
        let row = format!("{row}, instructions over direct (bench `instructions`)");
        match (count(name), count(base)) {
            (Some(own), Some(base)) => at_most(&row, own - base, limit, ""),
            _ => unknown(&row, "not in the baseline", &format!("≤ {limit}")),
        }
    }
}
