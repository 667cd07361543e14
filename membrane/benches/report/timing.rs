//! How times are taken: pinned, in turns, the least of many.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// Keeps this thread on the `index`-th of the cores that it may use. Does nothing where that cannot be had.
pub(crate) fn pin(index: usize) {
    #[cfg(target_os = "linux")]
    {
        use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
        use std::sync::OnceLock;

        static ALLOWED: OnceLock<Vec<usize>> = OnceLock::new();
        let allowed = ALLOWED.get_or_init(|| {
            sched_getaffinity(None).map_or(Vec::new(), |set| {
                (0..CpuSet::MAX_CPU)
                    .filter(|cpu| set.is_set(*cpu))
                    .collect()
            })
        });
        if let Some(cpu) = allowed.get(index) {
            let mut set = CpuSet::new();
            set.set(*cpu);
            let _ = sched_setaffinity(None, &set);
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = index;
}

/// What `work` takes of this thread's own time: what other threads take meanwhile is not in it, which in long work would be in
/// every repetition.
pub(crate) fn own_time(work: impl FnOnce()) -> Duration {
    let start = own_clock();
    work();
    own_clock().saturating_sub(start)
}

/// How long this thread has run, since some time.
fn own_clock() -> Duration {
    #[cfg(target_os = "linux")]
    {
        use rustix::time::{ClockId, clock_gettime};
        let now = clock_gettime(ClockId::ThreadCPUTime);
        Duration::try_from(now).expect("it starts at zero")
    }
    #[cfg(not(target_os = "linux"))]
    {
        use std::sync::OnceLock;
        static START: OnceLock<Instant> = OnceLock::new();
        START.get_or_init(Instant::now).elapsed()
    }
}

/// Nanoseconds for each of `count` things done in `time`.
#[allow(clippy::cast_precision_loss, reason = "a number of calls")]
pub(crate) fn each(time: Duration, count: usize) -> f64 {
    time.as_secs_f64() * 1e9 / count as f64
}

/// The least nanoseconds that a call of each of `works` takes, over `repetitions` turns of `calls` calls each.
pub(crate) fn least<W: Fn(u64) -> u64>(repetitions: usize, calls: u64, works: &[W]) -> Vec<f64> {
    let count = usize::try_from(calls).expect("a few thousand");
    let mut least = vec![f64::MAX; works.len()];
    for _ in 0..repetitions {
        for (work, least) in works.iter().zip(&mut least) {
            black_box(work(calls / 20 + 1));
            let start = Instant::now();
            black_box(work(black_box(calls)));
            *least = least.min(each(start.elapsed(), count));
        }
    }
    least
}

/// Times long work in pieces, and keeps the least of each piece over the repetitions.
pub(crate) struct Pieces(Vec<Duration>);

impl Pieces {
    /// How many things are done in one piece.
    pub(crate) const SIZE: usize = 1_000;

    pub(crate) fn new() -> Self {
        Self(Vec::new())
    }

    /// One repetition: `work` does one thing for each of `things`.
    pub(crate) fn repeat<T>(&mut self, things: Vec<T>, mut work: impl FnMut(T)) {
        let mut things = things.into_iter();
        let mut piece = 0;
        while things.len() > 0 {
            let count = Self::SIZE.min(things.len());
            let start = Instant::now();
            for thing in things.by_ref().take(count) {
                work(thing);
            }
            let time = start.elapsed();
            match self.0.get_mut(piece) {
                Some(least) => *least = time.min(*least),
                None => self.0.push(time),
            }
            piece += 1;
        }
    }

    /// What all pieces took.
    pub(crate) fn sum(&self) -> Duration {
        self.0.iter().sum()
    }
}
