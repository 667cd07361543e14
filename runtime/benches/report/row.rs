//! One line of the report, and how times are taken.

use std::hint::black_box;
use std::time::Instant;

/// Prints a row whose measure is to be at most `limit`.
pub(crate) fn limited(row: &str, measured: f64, limit: f64, unit: &str) {
    let verdict = if measured <= limit { "ok" } else { "short" };
    println!("{row}\t{measured:.2}{unit}\t{limit:.2}{unit}\t{verdict}");
}

/// Prints a row that has no limit.
pub(crate) fn told(row: &str, measured: &str) {
    println!("{row}\t{measured}\t-\tok");
}

/// The least nanoseconds a call of each of `works` takes, over interleaved repetitions of `calls` calls each.
pub(crate) fn least<const N: usize>(
    repetitions: usize,
    calls: u64,
    works: [&dyn Fn(u64) -> u64; N],
) -> [f64; N] {
    let mut least = [f64::MAX; N];
    for _ in 0..repetitions {
        for (work, least) in works.iter().zip(&mut least) {
            black_box(work(calls / 20 + 1));
            let start = Instant::now();
            black_box(work(black_box(calls)));
            #[allow(clippy::cast_precision_loss, reason = "a number of calls")]
            let per_call = start.elapsed().as_secs_f64() * 1e9 / calls as f64;
            *least = least.min(per_call);
        }
    }
    least
}
