//! Several threads: two on one proxy, and what a thread's first call and its end cost.

use crate::counting::counted;
use crate::others;
use crate::row::{at_most, told, unknown};
use crate::scenarios::{self, Scenario, Service};
use crate::timing::{each, pin};
use object_membrane_gate::sync::{AcqRel, Acquire, AtomicUsize};
use std::hint::black_box;
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

pub(crate) fn report() {
    let own = scenarios::all();
    let proxied = own.iter().find(|scenario| scenario.name == "proxied");
    let proxied = proxied.expect("a scenario");
    let apart = scenarios::all();
    let other = apart.iter().find(|scenario| scenario.name == "proxied");
    let other = other.expect("a scenario");

    let direct = own.iter().find(|scenario| scenario.name == "direct");
    let direct = direct.expect("a scenario");
    let others: Vec<_> = others::all()
        .into_iter()
        .map(|(name, object)| Scenario {
            name,
            base: "direct",
            object,
            work: scenarios::add,
        })
        .collect();
    let mut pairs = vec![[proxied, proxied], [proxied, other], [direct, direct]];
    pairs.extend(others.iter().map(|scenario| [scenario, scenario]));
    let ratios = two_threads(&pairs);
    let unseen = "no two cores were free at once";
    let [one, apart, plain] = [ratios[0], ratios[1], ratios[2]];
    let row = "proxied call, two threads on one proxy, to one thread";
    match one {
        Some(ratio) => at_most(row, ratio, 1.05, "x"),
        None => unknown(row, unseen, "≤ 1.05x"),
    }
    let row = "the same, to two threads on a proxy each: what sharing costs";
    match one.zip(apart) {
        Some((one, apart)) => at_most(row, one / apart, 1.05, "x"),
        None => unknown(row, unseen, "≤ 1.05x"),
    }
    let shown = |ratio: Option<f64>| ratio.map_or(unseen.into(), |ratio| format!("{ratio:.2}x"));
    told(
        "for comparison: direct call, two threads, to one thread",
        shown(plain),
    );
    for (scenario, ratio) in others.iter().zip(&ratios[3..]) {
        told(
            &format!(
                "for comparison: {}, two threads, to one thread",
                scenario.name
            ),
            shown(*ratio),
        );
    }
    start_up(&proxied.object);
}

/// A stretch of calls.
type Stretch = (Instant, Instant);

/// For each pair: the least time of a call on the slower of two threads, one on each scenario at the same time, to that of
/// the first thread alone. The pairs take turns. Repetitions that did not overlap are dropped.
fn two_threads(pairs: &[[&Scenario; 2]]) -> Vec<Option<f64>> {
    const CALLS: u64 = 20_000;
    const ROUNDS: usize = 200;
    let together = AtomicUsize::new(0);
    let apart = Barrier::new(2);
    let stretch = |scenario: &Scenario| {
        black_box(scenario.run(CALLS / 20));
        let start = Instant::now();
        black_box(scenario.run(CALLS));
        (start, Instant::now())
    };
    let run = |index: usize| -> (Vec<Stretch>, Vec<Duration>) {
        pin(index);
        let mut stretches = Vec::new();
        let mut alone = vec![Duration::MAX; pairs.len()];
        for _ in 0..ROUNDS {
            for (pair, alone) in pairs.iter().zip(&mut alone) {
                apart.wait();
                if index == 0 {
                    // The other one sleeps meanwhile.
                    let (start, end) = stretch(pair[0]);
                    *alone = (end - start).min(*alone);
                }
                apart.wait();
                meet(&together, 2 * (stretches.len() + 1));
                stretches.push(stretch(pair[index]));
            }
        }
        (stretches, alone)
    };
    let run = &run;
    let [(one, alone), (other, _)] = std::thread::scope(|scope| {
        [0, 1]
            .map(|index| scope.spawn(move || run(index)))
            .map(|thread| thread.join().expect("no panics"))
    });
    let mut least = vec![None; pairs.len()];
    for (round, (one, other)) in one.iter().zip(&other).enumerate() {
        let overlap = one
            .1
            .min(other.1)
            .saturating_duration_since(one.0.max(other.0));
        let longest = (one.1 - one.0).max(other.1 - other.0);
        if overlap.as_secs_f64() > 0.9 * longest.as_secs_f64() {
            // The slower of the two: contention would show in it.
            let least = &mut least[round % pairs.len()];
            *least = Some(least.map_or(longest, |least: Duration| least.min(longest)));
        }
    }
    least
        .iter()
        .zip(alone)
        .map(|(least, alone)| least.map(|least| least.as_secs_f64() / alone.as_secs_f64()))
        .collect()
}

/// Waits, awake, until `count` have come.
fn meet(arrived: &AtomicUsize, count: usize) {
    // AcqRel, Acquire: nothing is passed on; they are what a barrier has.
    arrived.fetch_add(1, AcqRel);
    let mut spins = 0_u32;
    while arrived.load(Acquire) < count {
        spins += 1;
        if spins.is_multiple_of(1_000) {
            std::thread::yield_now();
        }
        std::hint::spin_loop();
    }
}

/// What a thread that makes a call costs over one that makes none, first and after many threads.
fn start_up(object: &Arc<dyn Service>) {
    const THREADS: usize = 2_000;
    const MANY: usize = 20_000;
    let (mut silent, mut early, mut late) = (Duration::MAX, Duration::MAX, Duration::MAX);
    for _ in 0..THREADS {
        silent = silent.min(thread(None));
        early = early.min(thread(Some(object)));
    }
    let kept = counted(|| {
        for _ in 0..MANY {
            thread(Some(object));
        }
    });
    for _ in 0..THREADS {
        late = late.min(thread(Some(object)));
    }
    told(
        "thread from start to end, without a call",
        format!("{:.1} µs", each(silent, 1) / 1e3),
    );
    told(
        "the same with one call",
        format!("{:.1} µs", each(early, 1) / 1e3),
    );
    at_most(
        "the same after 20,000 threads, to before",
        late.as_secs_f64() / early.as_secs_f64(),
        1.1,
        "x",
    );
    #[allow(clippy::cast_precision_loss, reason = "a number of bytes")]
    at_most(
        "memory that 20,000 ended threads leave behind",
        kept.kept_bytes as f64,
        0.0,
        " B",
    );
}

/// A thread's whole life, with one call.
fn thread(object: Option<&Arc<dyn Service>>) -> Duration {
    let object = object.cloned();
    let start = Instant::now();
    let thread = std::thread::spawn(move || {
        if let Some(object) = object {
            black_box(object.add(black_box(1))).expect("allowed");
        }
    });
    thread.join().expect("no panics");
    start.elapsed()
}
