//! What runs out inside the membrane: the stack, levels, layers.
//!
//! Each attack is bounded by itself, beyond the bound that is attacked: a broken library goes on to the attack's own end.

use crate::lab::{breaks, contained};
use crate::stage::{Chest, Evil, Oak, READ, chests, guests, policy, sent};
use membrane::{Direction, Error, ErrorKind, Membrane, Passable, Policy, allow, interface, lease};
use runtime::{CallError, Limit, Limits, MessageLimits, Value};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, Weak};

/// What an attack comes to that nothing stops.
const ENOUGH: u32 = 300;

/// Runs `attack` where that many calls have room in each other.
fn with_room<R: Send>(attack: impl FnOnce() -> R + Send) -> R {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(64 << 20);
        let thread = thread.spawn_scoped(scope, attack).expect("a thread");
        thread.join().expect("no panic")
    })
}

#[interface]
trait Well: Send + Sync {
    /// How deep it came.
    fn down(&self, left: u32) -> Result<u32, Error>;
}

/// Calls the next one through the membrane, as long as it is let.
struct Shaft(Mutex<Weak<dyn Well>>);

impl Well for Shaft {
    fn down(&self, left: u32) -> Result<u32, Error> {
        let next = self.0.lock().expect("no panic").upgrade();
        match next {
            Some(next) if left > 0 => Ok(next.down(left - 1).map_or(0, |deep| deep + 1)),
            _ => Ok(0),
        }
    }
}

impl Shaft {
    fn new() -> Arc<Self> {
        let none: Weak<dyn Well> = Weak::<Self>::new();
        Arc::new(Self(Mutex::new(none)))
    }

    fn leads_to(&self, next: &Arc<dyn Well>) {
        *self.0.lock().expect("no panic") = Arc::downgrade(next);
    }
}

/// D7: "overflow occurs in host frames": calls inside calls end with an error long before the stack does: calls of one
/// proxy, of a lease, and to and fro between the sides.
#[test]
fn d7_calls_inside_calls() {
    contained(breaks![gate::NoDepthLimit], |lab| {
        let most = Policy::DEFAULT_DEPTH_LIMIT;
        let deepest = with_room(|| {
            let list = allow!(dyn Well: down);
            let membrane = Membrane::new(policy(Policy::builder().inbound(list).outbound(list)));
            let shaft = Shaft::new();
            let lent = membrane.wrap::<dyn Well>(shaft.clone()).expect("live");
            shaft.leads_to(&lent);
            let plain = lent.down(ENOUGH).expect("listed");
            let leased = lease(&lent).down(ENOUGH).expect("listed");
            let (wet, dry) = (Shaft::new(), Shaft::new());
            let at_dry = membrane.wrap::<dyn Well>(wet.clone()).expect("live");
            let at_wet = membrane
                .wrap_inbound::<dyn Well>(dry.clone())
                .expect("live");
            wet.leads_to(&at_wet);
            dry.leads_to(&at_dry);
            let to_and_fro = at_dry.down(ENOUGH).expect("listed");
            assert!(lent.down(1).is_ok(), "all is well afterwards");
            [plain, leased, to_and_fro]
        });
        lab.reached();
        for (way, deep) in ["plain", "leased", "to and fro"].into_iter().zip(deepest) {
            assert!(deep > 10, "{way}: {deep}");
            lab.escaped_if(
                deep > most,
                format!("{way}: {deep} calls inside each other"),
            );
        }
    });
}

/// D7: an object that is asked what it is has the next one asked, and so on.
#[test]
fn d7_questions_inside_questions() {
    contained(breaks![membrane::EndlessQuestions], |lab| {
        let deepest = with_room(|| {
            let membrane = Membrane::new(policy(chests()));
            let count = Arc::<AtomicUsize>::default();
            let innermost = Evil::new(|_| ());
            let first = (0..ENOUGH).fold(innermost, |next, _| {
                let (membrane, count) = (membrane.clone(), count.clone());
                Evil::new(move |_| {
                    count.fetch_add(1, SeqCst);
                    let _ = membrane.lent(&next.chest());
                })
            });
            let wrapped = membrane.wrap(first.chest());
            assert!(wrapped.is_ok(), "the first one answers");
            assert!(membrane.wrap(Oak::new().chest()).is_ok(), "all is well");
            count.load(SeqCst)
        });
        lab.reached();
        assert!(deepest > 10, "{deepest}");
        lab.escaped_if(
            deepest > 200,
            format!("{deepest} questions inside each other"),
        );
    });
}

/// A line of itself.
#[derive(Passable)]
struct Link(Arc<dyn Chest>, Option<Box<Link>>);

impl Link {
    fn line(length: u32, chest: &Arc<dyn Chest>) -> Self {
        (1..length).fold(Self(chest.clone(), None), |inner, _| {
            Self(chest.clone(), Some(Box::new(inner)))
        })
    }
}

/// D7: data that is nested in itself; and values, which a guest nests as it likes.
#[test]
fn d7_data_inside_data() {
    contained(breaks![membrane::NoLevels, runtime::AnyMessage], |lab| {
        for direction in [Direction::Outbound, Direction::Inbound] {
            let membrane = Membrane::new(policy(chests()));
            let (chest, oak) = (Oak::new().chest(), Oak::new());
            assert!(membrane.pass(Link::line(256, &chest), direction).is_ok());
            lab.reached();
            let passed = membrane.pass(Link::line(ENOUGH, &chest), direction);
            let kind = passed.map(drop).map_err(Error::kind);
            lab.escaped_if(kind.is_ok(), format!("{ENOUGH} levels of a struct"));
            assert_eq!(membrane.live_proxies(), 0, "what was half done is gone");
            drop(oak);
        }
        let (runtime, [guest]) = guests(&policy(chests()));
        let lent = sent(runtime.host(), &guest, &Oak::new());
        let deep = (0..ENOUGH).fold(Value::Null, |inner, _| vec![inner].into());
        let answer = guest.call(&lent, READ, &[deep]);
        let limit = Err(CallError::Limit(Limit::MessageDepth));
        lab.escaped_if(
            answer != limit,
            format!("{ENOUGH} values inside each other"),
        );
        // As many as there may be of each.
        let limits = Limits {
            message: MessageLimits {
                bytes: 8,
                nodes: 8,
                depth: 2,
            },
            ..Limits::default()
        };
        let small = runtime.domain("small", limits);
        let joined = runtime.join(runtime.host(), &small, policy(chests()));
        joined.expect("for the first time");
        let lent = sent(runtime.host(), &small, &Oak::new());
        assert!(small.call(&lent, READ, &["12345678".into()]).is_ok());
        let answer = small.call(&lent, READ, &["123456789".into()]);
        lab.escaped_if(answer.is_ok(), "a key that is too long");
    });
}

type Probe = Arc<dyn Fn() -> Result<Vec<Result<Arc<dyn Chest>, Error>>, Error> + Send + Sync>;

/// D7: "half-built wrapper or raw error": at the very bound, where there is no room to ask a proxy for its target, what comes
/// home is refused, rather than taken for a stranger's and wrapped.
#[test]
fn d7_wrap_at_the_limit() {
    contained(breaks![membrane::DeepIsBroken], |lab| {
        let ways = [
            (Direction::Outbound, Direction::Inbound),
            (Direction::Inbound, Direction::Outbound),
        ];
        for (direction, home) in ways {
            for limit in [1, 2, 5] {
                let membrane = Membrane::new(policy(chests().depth_limit(limit)));
                let oak = Oak::new();
                let lent = membrane.pass(oak.chest(), direction).expect("live");
                let inside = membrane.clone();
                let tries = lent.clone();
                let innermost: Probe = Arc::new(move || {
                    let passed = inside.pass(tries.clone(), home);
                    let listed = inside.pass(vec![tries.clone()], home);
                    let listed = listed.map(|mut list| list.swap_remove(0));
                    // Results that the membrane does not convert again.
                    PASSED.with(|kept| kept.borrow_mut().extend([passed, listed]));
                    Ok(Vec::new())
                });
                let line = (0..limit).fold(innermost, |next, _| {
                    // A closure of its own each time: a proxy that is passed once more is itself.
                    let call: Probe = Arc::new(move || next());
                    membrane.pass(call, Direction::Outbound).expect("live")
                });
                let called = line();
                let passed = PASSED.with(|kept| std::mem::take(&mut *kept.borrow_mut()));
                assert!(called.is_ok() && passed.len() == 2, "at the limit");
                for passed in passed {
                    lab.reached();
                    match passed {
                        Ok(home) => {
                            let is_home = Arc::ptr_eq(&home, &oak.chest());
                            lab.escaped_if(!is_home, format!("{limit}: wrapped at its home"));
                        }
                        Err(error) => assert_eq!(error.kind(), ErrorKind::TooDeep),
                    }
                }
            }
        }
    });
}

thread_local! {
    /// What the innermost call got.
    static PASSED: std::cell::RefCell<Vec<Result<Arc<dyn Chest>, Error>>> = const { std::cell::RefCell::new(Vec::new()) };
}
