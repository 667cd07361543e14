//! Ratios of a proxied call to a plain `Arc<dyn Trait>` call, in one process.
//!
//! `cargo bench -p object-membrane --bench call`. Scenarios are interleaved; each figure is the minimum over all
//! repetitions, which is what is left when other load on the machine is subtracted. Two-thread figures use only
//! repetitions whose windows overlap.

mod scenarios;

use scenarios::Scenario;
use std::hint::black_box;
use std::sync::Barrier;
use std::time::Instant;

const CALLS: u64 = 5_000;
const REPETITIONS: usize = 1_500;

fn time(scenario: &Scenario, calls: u64) -> (Instant, Instant) {
    let start = Instant::now();
    black_box(scenario.run(calls));
    (start, Instant::now())
}

#[allow(clippy::cast_precision_loss, reason = "a number of calls")]
fn per_call((start, end): (Instant, Instant), calls: u64) -> f64 {
    (end - start).as_secs_f64() * 1e9 / calls as f64
}

fn main() {
    let scenarios = scenarios::all();
    let mut least = vec![f64::MAX; scenarios.len()];
    for scenario in &scenarios {
        scenario.run(CALLS);
    }
    for _ in 0..REPETITIONS {
        for (scenario, least) in scenarios.iter().zip(&mut least) {
            scenario.run(CALLS / 20);
            *least = least.min(per_call(time(scenario, CALLS), CALLS));
        }
    }
    println!("{:<24} {:>10} {:>8}", "call", "ns", "ratio");
    for (index, scenario) in scenarios.iter().enumerate() {
        let base = scenarios
            .iter()
            .position(|base| base.name == scenario.base)
            .expect("a base is a scenario");
        println!(
            "{:<24} {:>10.2} {:>8.2}",
            scenario.name,
            least[index],
            least[index] / least[base]
        );
    }
    let proxied = scenarios
        .iter()
        .position(|scenario| scenario.name == "proxied")
        .expect("a scenario");
    let two = two_threads(&scenarios[proxied]);
    if let Some(two) = two {
        let ratio = two / least[proxied];
        println!(
            "{:<24} {two:>10.2} {ratio:>8.2}  (to one thread)",
            "proxied, two threads"
        );
    } else {
        println!("proxied, two threads: no two cores were free at once, so nothing can be said");
    }
}

/// The least time of a call on the slower of two threads that use one proxy at the same time.
fn two_threads(scenario: &Scenario) -> Option<f64> {
    const LONG: u64 = 200_000;
    const ROUNDS: usize = 150;
    let barrier = Barrier::new(2);
    let runs: Vec<Vec<_>> = std::thread::scope(|scope| {
        let run = || {
            (0..ROUNDS)
                .map(|_| {
                    barrier.wait();
                    time(scenario, LONG)
                })
                .collect()
        };
        let threads = [scope.spawn(run), scope.spawn(run)];
        threads
            .map(|thread| thread.join().expect("no panics"))
            .into()
    });
    let mut least = f64::MAX;
    for (&one, &other) in runs[0].iter().zip(&runs[1]) {
        let overlap = one
            .1
            .min(other.1)
            .saturating_duration_since(one.0.max(other.0));
        let longest = (one.1 - one.0).max(other.1 - other.0);
        if overlap.as_secs_f64() > 0.9 * longest.as_secs_f64() {
            // The slower of the two: contention would show in it.
            least = least.min(per_call(one, LONG).max(per_call(other, LONG)));
        }
    }
    (least < f64::MAX).then_some(least)
}
