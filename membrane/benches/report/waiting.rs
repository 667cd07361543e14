//! Async calls: what they allocate and take, and how soon a revocation wakes who waits.

use crate::counting::counted;
use crate::row::told;
use crate::timing::{each, least, pin};
use membrane::{Error, Membrane, Policy, allow, interface};
use std::future::{pending, ready};
use std::hint::black_box;
use std::pin::pin;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

#[interface]
trait Waits: Send + Sync {
    async fn ready(&self, number: u64) -> Result<u64, Error>;
    async fn never(&self) -> Result<u64, Error>;
}

struct Plain;

#[interface]
impl Waits for Plain {
    async fn ready(&self, number: u64) -> Result<u64, Error> {
        ready(Ok(number)).await
    }

    async fn never(&self) -> Result<u64, Error> {
        pending().await
    }
}

pub(crate) fn report() {
    let direct: Arc<dyn Waits> = Arc::new(Plain);
    let (_membrane, proxied) = lent();
    let ready =
        |object: Arc<dyn Waits>| move |calls| (0..calls).map(|n| at_once(&*object, n)).sum();
    let works = [ready(direct.clone()), ready(proxied.clone())];
    let took = least(200, 2_000, &works);
    told(
        "async call that is over at once, to direct",
        format_args!(
            "{:.2}x ({:.1} ns, direct {:.1} ns)",
            took[1] / took[0],
            took[1],
            took[0]
        ),
    );
    let allocations = |object: &Arc<dyn Waits>| {
        const CALLS: usize = 1_000;
        let requested = counted(|| {
            for number in 0..CALLS {
                black_box(at_once(&**object, number as u64));
            }
        });
        requested.allocations / CALLS
    };
    told(
        "the same, allocations beside the target's own",
        allocations(&proxied) - allocations(&direct),
    );
    wakes();
}

fn lent() -> (Membrane, Arc<dyn Waits>) {
    let policy = Policy::builder().inbound(allow!(dyn Waits: ready, never));
    let membrane = Membrane::new(policy.build().expect("one list"));
    let object: Arc<dyn Waits> = Arc::new(Plain);
    let object = membrane.wrap(object).expect("live");
    (membrane, object)
}

fn at_once(object: &dyn Waits, number: u64) -> u64 {
    let mut call = pin!(object.ready(number));
    match call.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(number)) => number,
        _ => 0,
    }
}

/// Notes when it was woken, and wakes a thread.
struct Noting {
    thread: thread::Thread,
    woken: Mutex<Option<Instant>>,
}

impl Wake for Noting {
    fn wake(self: Arc<Self>) {
        let now = Instant::now();
        let mut woken = self.woken.lock().unwrap_or_else(PoisonError::into_inner);
        woken.get_or_insert(now);
        drop(woken);
        self.thread.unpark();
    }
}

/// From a revocation to the waker of a caller that waits on another core, and until that caller has its answer.
fn wakes() {
    const ROUNDS: usize = 2_000;
    let (mut to_waker, mut to_answer) = (Vec::new(), Vec::new());
    let (offer, offered) = channel::<Arc<dyn Waits>>();
    let (say, said) = channel();
    thread::scope(|scope| {
        scope.spawn(move || {
            pin(1);
            for object in offered {
                let noting = Arc::new(Noting {
                    thread: thread::current(),
                    woken: Mutex::new(None),
                });
                let waker = Waker::from(noting.clone());
                let mut context = Context::from_waker(&waker);
                let mut call = pin!(object.never());
                assert!(call.as_mut().poll(&mut context).is_pending());
                say.send(None).expect("somebody waits");
                let answer = loop {
                    if let Poll::Ready(answer) = call.as_mut().poll(&mut context) {
                        break answer;
                    }
                    thread::park();
                };
                let answered = Instant::now();
                assert!(answer.is_err(), "it is revoked");
                let woken = *noting.woken.lock().unwrap_or_else(PoisonError::into_inner);
                say.send(Some((woken, answered))).expect("somebody waits");
            }
        });
        for _ in 0..ROUNDS {
            let (membrane, object) = lent();
            offer.send(object).expect("somebody calls");
            said.recv().expect("it waits");
            // Until the thread sleeps.
            thread::sleep(Duration::from_micros(200));
            let revoked = Instant::now();
            membrane.revoke("over");
            if let Ok(Some((Some(woken), answered))) = said.recv() {
                to_waker.push(woken - revoked);
                to_answer.push(answered - revoked);
            }
        }
        drop(offer);
    });
    assert!(
        to_waker.len() > ROUNDS / 2,
        "most were woken by the revocation"
    );
    for (row, mut times) in [
        ("revoke to the waker of a waiting async call", to_waker),
        (
            "revoke until that caller, asleep on another core, has its answer",
            to_answer,
        ),
    ] {
        times.sort();
        let at = |part: usize| each(times[times.len() * part / 100], 1) / 1e3;
        told(
            row,
            format_args!("{:.2} µs (99 of 100 within {:.2} µs)", at(50), at(99)),
        );
    }
}
