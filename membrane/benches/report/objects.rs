//! Many objects under one membrane: wrapping them, what they take, and taking them back.

use crate::counting::counted;
use crate::row::{at_least, at_most, told};
use crate::scenarios::{Service, policy, target};
use crate::timing::{Pieces, each, own_time, pin};
use membrane::{Membrane, Reason};
use object_membrane_gate::sync::{AcqRel, Acquire, AtomicUsize};
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

type Objects = Vec<Arc<dyn Service>>;

const SIZES: [usize; 5] = [100, 1_000, 10_000, 100_000, 1_000_000];
const MOST: usize = SIZES[SIZES.len() - 1];
/// The best measured JavaScript membrane wraps so many objects a second.
const JAVASCRIPT_PER_S: f64 = 308_000.0;

pub(crate) fn report() {
    let objects: Objects = (0..MOST).map(|_| target()).collect();
    for count in SIZES {
        first_wrap(&objects[..count]);
    }
    for count in SIZES {
        known_wrap(&objects[..count]);
    }
    cold_lookup(&objects);
    memory(&objects);
    revoke(&objects);
}

/// Enough repetitions for a minimum, and no more than the time allows.
fn repetitions(count: usize) -> usize {
    (2_000_000 / count).clamp(6, 4_000)
}

fn wrap(membrane: &Membrane, object: Arc<dyn Service>) -> Arc<dyn Service> {
    membrane.wrap(object).expect("live")
}

fn first_wrap(objects: &[Arc<dyn Service>]) {
    let count = objects.len();
    let mut pieces = Pieces::new();
    let mut allocations = 0;
    // One list for all repetitions, so that its memory is there.
    let mut proxies = objects.to_vec();
    for repetition in 0..repetitions(count) {
        let membrane = Membrane::new(policy());
        proxies.clear();
        if repetition == 0 {
            let arguments = objects.to_vec();
            let requested = counted(|| {
                proxies.extend(arguments.into_iter().map(|object| wrap(&membrane, object)));
            });
            allocations = requested.allocations - count;
            continue;
        }
        pieces.repeat(objects.to_vec(), |object| {
            proxies.push(wrap(&membrane, object));
        });
    }
    let per_wrap = each(pieces.sum(), count);
    at_most(
        &format!("first wrap, {count} objects"),
        per_wrap,
        150.0,
        " ns",
    );
    if count == MOST {
        // The table doubles: at most three allocations each time, beside those of the membrane's first table.
        let doublings = count.next_power_of_two().ilog2();
        #[allow(clippy::cast_precision_loss, reason = "a number of allocations")]
        at_most(
            &format!("first wrap, {count} objects: allocations beside one for each"),
            allocations as f64,
            f64::from(3 * doublings + 4),
            "",
        );
        told(
            "for comparison: Arc::new of 48 bytes, 10⁶ of them",
            format_args!("{:.2} ns", each(allocated(count), count)),
        );
        at_least(
            "first wrap of 10⁶ objects, to the best JavaScript membrane (308,000/s)",
            1e9 / per_wrap / JAVASCRIPT_PER_S,
            10.0,
            "x",
        );
    }
}

/// What as many allocations of a proxy's size take, most of it for memory that was never touched.
fn allocated(count: usize) -> Duration {
    let mut pieces = Pieces::new();
    let mut made: Vec<_> = (0..count).map(|_| Arc::new([0_u64; 6])).collect();
    for _ in 0..repetitions(count) {
        made.clear();
        pieces.repeat((0..count).collect(), |index| {
            made.push(Arc::new([black_box(index as u64); 6]));
        });
    }
    pieces.sum()
}

/// Times a wrap of what has a proxy: its argument is given up, its result counted.
fn known_wrap(objects: &[Arc<dyn Service>]) {
    let (known, plain) = known(objects, repetitions(objects.len()));
    let count = objects.len();
    at_most(
        &format!(
            "wrap of a known object, {count} objects ({known:.0} ns), to an Arc clone and drop ({plain:.1} ns)"
        ),
        known / plain,
        2.0,
        "x",
    );
}

fn cold_lookup(objects: &[Arc<dyn Service>]) {
    // A stride that shares no factor with the number of objects visits each of them once, far from the last.
    let count = objects.len();
    let scattered: Objects = (0..count)
        .map(|index| objects[index * 7_368_787 % count].clone())
        .collect();
    let (known, plain) = known(&scattered, 6);
    told(
        &format!("identity lookup under a cold cache, {count} objects in scattered order"),
        format_args!("{known:.0} ns (an Arc clone and drop: {plain:.0} ns)"),
    );
}

/// Nanoseconds for the wrap of a known object, and for a clone of the same `Arc` and the drop of one.
fn known(objects: &[Arc<dyn Service>], repetitions: usize) -> (f64, f64) {
    let count = objects.len();
    let membrane = Membrane::new(policy());
    let proxies: Objects = objects
        .iter()
        .map(|object| wrap(&membrane, object.clone()))
        .collect();
    let (mut known, mut plain) = (Pieces::new(), Pieces::new());
    let mut results = objects.to_vec();
    for _ in 0..repetitions {
        results.clear();
        known.repeat(objects.to_vec(), |object| {
            results.push(wrap(&membrane, object));
        });
        results.clear();
        plain.repeat(objects.to_vec(), |object| {
            results.push(black_box(&object).clone());
        });
    }
    drop(proxies);
    (each(known.sum(), count), each(plain.sum(), count))
}

#[allow(
    clippy::cast_precision_loss,
    reason = "a number of bytes, and of objects"
)]
fn memory(objects: &[Arc<dyn Service>]) {
    let mut proxies = Objects::with_capacity(MOST);
    let mut bytes = Vec::new();
    let mut kept_bytes = 0;
    for count in SIZES {
        proxies.clear();
        let mut membrane = None;
        let lent = counted(|| {
            let made = membrane.insert(Membrane::new(policy()));
            let wrapped = objects[..count]
                .iter()
                .map(|object| wrap(made, object.clone()));
            proxies.extend(wrapped);
        });
        bytes.push(lent.kept_bytes as f64 / count as f64);
        if count == MOST {
            kept_bytes = lent.kept_bytes + counted(|| proxies.clear()).kept_bytes;
        }
    }
    at_most(
        "memory per live proxy, 10⁶ proxies",
        bytes[SIZES.len() - 1],
        96.0,
        " B",
    );
    let shown: Vec<_> = bytes.iter().map(|bytes| format!("{bytes:.0}")).collect();
    told("the same in B, 10² to 10⁶ proxies", shown.join(", "));
    told(
        "memory that a membrane keeps when its 10⁶ proxies are dropped",
        format_args!("{kept_bytes} B"),
    );
}

/// What one revocation took.
struct Revocation {
    /// Until another thread saw it.
    cut: Duration,
    /// Until it returned, of its thread's time.
    whole: Duration,
    /// The same of a membrane without proxies.
    empty: Duration,
}

impl Revocation {
    const SLOW: Self = Self {
        cut: Duration::MAX,
        whole: Duration::MAX,
        empty: Duration::MAX,
    };
}

fn revoke(objects: &[Arc<dyn Service>]) {
    let least = |count: usize| {
        let (mut least, mut empty) = (Revocation::SLOW, Duration::MAX);
        for _ in 0..repetitions(count).clamp(20, 800) {
            empty = empty.min(revocation(&Membrane::new(policy())).whole);
            let membrane = Membrane::new(policy());
            let proxies: Objects = objects[..count]
                .iter()
                .map(|object| wrap(&membrane, object.clone()))
                .collect();
            let took = revocation(&membrane);
            drop(proxies);
            least.cut = least.cut.min(took.cut);
            least.whole = least.whole.min(took.whole);
        }
        least.empty = empty;
        least
    };
    let taken: Vec<_> = SIZES.map(|count| (count, least(count))).into();
    told(
        "revoke of a membrane without proxies",
        format_args!("{:.2} µs", each(taken[0].1.empty, 1) / 1e3),
    );
    let (few, many) = (&taken[0].1, &taken[SIZES.len() - 1].1);
    // 100 ns: what a clock on two cores can tell apart.
    at_most(
        "revoke, the cut as another thread sees it: 10⁶ proxies over 10²",
        each(many.cut, 1) - each(few.cut, 1),
        100.0,
        " ns",
    );
    let cuts = taken
        .iter()
        .map(|(_, took)| format!("{:.0}", each(took.cut, 1)));
    told(
        "the same in ns, 10² to 10⁶ proxies",
        cuts.collect::<Vec<_>>().join(", "),
    );
    for (count, took) in taken {
        at_most(
            &format!("revoke, freeing {count} proxies, each"),
            each(took.whole.saturating_sub(took.empty), count),
            45.0,
            " ns",
        );
    }
}

/// Revokes while another thread watches.
fn revocation(membrane: &Membrane) -> Revocation {
    // It goes first, so that what revokes is in the caches, whatever was done since the last time.
    let reason = Reason::from("measured");
    let other = Membrane::new(policy());
    let watching = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            pin(1);
            let mut looks = 0_u32;
            loop {
                let seen = membrane.is_revoked();
                // At each look, so that what asks the clock is in the caches.
                let now = Instant::now();
                if seen {
                    return now;
                }
                looks = looks.saturating_add(1);
                if looks == 1_000 {
                    // AcqRel, and the Acquire below: nothing is passed on.
                    watching.fetch_add(1, AcqRel);
                }
            }
        });
        while watching.load(Acquire) == 0 {
            std::thread::yield_now();
        }
        other.on_revoke(|_| {});
        membrane.on_revoke(|_| {});
        assert_eq!(other.live_proxies(), 0);
        black_box(membrane.live_proxies());
        let mut start = Instant::now();
        own_time(|| other.revoke(reason));
        let whole = own_time(|| {
            start = Instant::now();
            membrane.revoke(reason);
        });
        let seen = watcher.join().expect("no panics");
        Revocation {
            cut: seen.saturating_duration_since(start),
            whole,
            ..Revocation::SLOW
        }
    })
}
