//! Time that runs out.

use super::*;
use membrane::{Clock, PolicyProblem};
use tests::{Door, start};

type Call = fn(&Arc<dyn Shop>) -> Error;
type Act = fn(&Membrane, &Arc<dyn Shop>);
/// What a clock uses.
type Own = (Membrane, Arc<dyn Shop>);

/// Fails if the deadline is not looked at, or is a nanosecond off.
#[test]
fn calls_are_refused_from_the_deadline_on_both_ways() {
    for direction in DIRECTIONS {
        let (membrane, clock) = timed(|builder| builder.expires_after(SECOND));
        let stock = Stock::new();
        let shop = lend(&membrane, &stock, direction);
        clock.advance(Duration::from_nanos(999_999_999));
        shop.ping().unwrap();
        assert_eq!(
            membrane.conditions().expires_in,
            Some(Duration::from_nanos(1))
        );
        clock.advance(Duration::from_nanos(1));
        assert_unmet(shop.ping(), Condition::Expired, None);
        assert_eq!(shop.ping().unwrap_err().to_string(), "expired");
        assert_eq!(stock.entered(), 1);
        assert_eq!(membrane.conditions().expires_in, Some(Duration::ZERO));
        // Nothing is taken back for that.
        assert!(!membrane.is_revoked());
        assert_eq!(membrane.live_proxies(), 1);
    }
}

/// Fails if the result is delivered without a further look. Results, errors, items and references alike.
#[test]
fn nothing_is_delivered_after_expiry() {
    let (membrane, clock) = timed(|builder| builder.expires_after(SECOND));
    let (stock, shop) = lent(&membrane);
    stock.on_call({
        let clock = clock.clone();
        move || clock.advance(SECOND)
    });
    assert_unmet(shop.ping(), Condition::Expired, None);
    assert_eq!(stock.entered(), 1, "the target was entered");

    let calls: [Call; 4] = [
        |shop| shop.fetch(3).unwrap_err(),
        |shop| match shop.complain(3).unwrap_err() {
            Failure::Membrane(error) => error,
            Failure::Said(text) => panic!("delivered: {text}"),
        },
        |shop| shop.open().err().unwrap(),
        |shop| shop.items(3).err().unwrap(),
    ];
    for call in calls {
        let (membrane, clock) = timed(|builder| builder.expires_after(SECOND));
        let (stock, shop) = lent(&membrane);
        stock.on_call(move || clock.advance(SECOND));
        assert_unmet::<()>(Err(call(&shop)), Condition::Expired, None);
        assert_eq!(stock.entered(), 1);
    }
}

#[test]
fn callback_after_expiry_is_refused() {
    let (membrane, clock) = timed(|builder| builder.expires_after(SECOND));
    let (stock, shop) = lent(&membrane);
    stock.on_call(move || clock.advance(SECOND));
    let called = Arc::new(AtomicUsize::new(0));
    let told = shop.tell({
        let called = called.clone();
        Arc::new(move |n| {
            called.fetch_add(1, SeqCst);
            Ok(n)
        })
    });
    assert_unmet(told, Condition::Expired, None);
    assert_eq!(called.load(SeqCst), 0);
}

/// Fails if `is_over` does not ask the ledger: the loop would not end.
#[test]
fn iterator_ends_once_its_membrane_is_expired() {
    let (membrane, clock) = timed(|builder| builder.expires_after(SECOND));
    let (_, shop) = lent(&membrane);
    let items = shop.items(5).unwrap();
    clock.advance(SECOND);
    let told: Vec<_> = items.collect();
    assert_eq!(told.len(), 1, "the error is told once");
    assert_unmet(told[0], Condition::Expired, None);
}

#[test]
fn time_that_the_clock_cannot_express_is_for_ever() {
    let (membrane, clock) = timed(|builder| builder.expires_after(Duration::MAX));
    let (_, shop) = lent(&membrane);
    clock.advance(100 * 365 * 24 * 3600 * SECOND);
    shop.ping().unwrap();
}

/// Nobody moves this one: time passes by itself.
#[test]
fn real_time_passes() {
    let membrane = under(|builder| builder.expires_after(Duration::from_millis(40)));
    let (_, shop) = lent(&membrane);
    let start = std::time::Instant::now();
    let error = loop {
        if let Err(error) = shop.ping() {
            break error;
        }
        assert!(start.elapsed() < tests::SOON);
        std::thread::yield_now();
    };
    assert_eq!(error.kind(), ErrorKind::Expired);
    assert!(start.elapsed() >= Duration::from_millis(30));
}

/// A clock that does what a test says.
struct Odd(Box<dyn Fn() -> Duration + Send + Sync>);

impl Clock for Odd {
    fn now(&self) -> Duration {
        (self.0)()
    }
}

/// Fails if the clock's panic gets out, or counts as time that has not come.
#[test]
fn panic_of_the_clock_is_a_refusal() {
    let broken = Arc::new(AtomicUsize::new(0));
    let clock = Arc::new(Odd(Box::new({
        let broken = broken.clone();
        move || {
            assert_eq!(broken.load(SeqCst), 0, "the clock is broken");
            SECOND
        }
    })));
    let membrane = under(|builder| builder.expires_after(SECOND).calls(2).clock(clock));
    let (stock, shop) = lent(&membrane);
    shop.ping().unwrap();
    broken.store(1, SeqCst);
    assert_eq!(shop.ping().unwrap_err().kind(), ErrorKind::Panicked);
    assert_eq!(stock.entered(), 1);
    assert_eq!(membrane.conditions().calls_left, Some(1));
    assert_eq!(membrane.conditions().expires_in, Some(Duration::ZERO));
    let child = membrane.grant_with(&policy(), &conditions(|builder| builder.calls(1)));
    assert_eq!(
        child.unwrap_err().problems(),
        [PolicyProblem::ClockPanicked]
    );
    broken.store(0, SeqCst);
    shop.ping().unwrap();
}

/// Fails if the clock is read under a lock of ours.
#[test]
fn clock_may_use_the_membrane() {
    let own: Arc<Mutex<Option<Membrane>>> = Arc::default();
    let used = Arc::new(AtomicUsize::new(0));
    let clock = Arc::new(Odd(Box::new({
        let (own, used) = (own.clone(), used.clone());
        move || {
            // Once: what follows reads the clock, too.
            let membrane = own.lock().unwrap().take();
            if let Some(membrane) = membrane {
                used.fetch_add(1, SeqCst);
                let _ = membrane.conditions();
                let (_, shop) = lent(&membrane);
                shop.ping().unwrap();
                grant(&membrane, |builder| builder.calls(1));
                membrane.suspend("by the clock", None);
                membrane.resume();
            }
            SECOND
        }
    })));
    let limited = |builder: ConditionsBuilder| builder.expires_after(SECOND).calls(9).proxies(9);
    let membrane = under(|builder| limited(builder).clock(clock));
    let (_, shop) = lent(&membrane);
    let acts: [Act; 3] = [
        |_, shop| shop.ping().unwrap(),
        |membrane, _| assert!(membrane.conditions().expires_in.is_some()),
        |membrane, _| drop(grant(membrane, |builder| builder.calls(1))),
    ];
    for (index, what) in acts.into_iter().enumerate() {
        *own.lock().unwrap() = Some(membrane.clone());
        let (membrane, shop) = (membrane.clone(), shop.clone());
        tests::soon(move || what(&membrane, &shop));
        assert_eq!(used.load(SeqCst), index + 1);
    }
}

/// A clock that asks itself whenever it is asked. Fails with a stack overflow, or goes on for ever, if nobody counts.
#[test]
fn clock_that_uses_its_own_membrane_each_time_is_too_deep() {
    let acts: [Act; 3] = [
        |_, shop| assert_eq!(shop.ping(), Ok(())),
        |membrane, _| assert!(membrane.conditions().expires_in.is_some()),
        |membrane, _| drop(membrane.snapshot()),
    ];
    for inside in acts {
        let own: Arc<Mutex<Option<Own>>> = Arc::default();
        let (kinds, asked) = (
            Arc::new(Mutex::new(Vec::new())),
            Arc::new(AtomicUsize::new(0)),
        );
        let clock = Arc::new(Odd(Box::new({
            let (own, kinds, asked) = (own.clone(), kinds.clone(), asked.clone());
            move || {
                asked.fetch_add(1, SeqCst);
                let own = own.lock().unwrap().clone();
                if let Some((membrane, shop)) = own {
                    let kind = shop.ping().map_err(Error::kind);
                    kinds.lock().unwrap().push(kind);
                    let _ = (membrane.conditions(), membrane.snapshot());
                }
                SECOND
            }
        })));
        let membrane = under(|builder| builder.expires_after(SECOND).clock(clock));
        let (_, shop) = lent(&membrane);
        *own.lock().unwrap() = Some((membrane.clone(), shop.clone()));
        let used = own.clone();
        tests::soon(move || inside(&membrane, &shop));
        let kinds = kinds.lock().unwrap();
        assert!(kinds.contains(&Err(ErrorKind::TooDeep)), "{kinds:?}");
        assert!(asked.load(SeqCst) < 100, "{asked:?}");
        // What the clock owns, it is owned by.
        used.lock().unwrap().take();
    }
}

/// As `Clock` says. Fails if one more is let in.
#[test]
fn clock_is_asked_once_more_inside_of_itself_and_no_further() {
    let own: Arc<Mutex<Option<Arc<dyn Shop>>>> = Arc::default();
    let [inside, most] = [(); 2].map(|()| Arc::new(AtomicUsize::new(0)));
    let clock = Arc::new(Odd(Box::new({
        let (own, inside, most) = (own.clone(), inside.clone(), most.clone());
        move || {
            most.fetch_max(inside.fetch_add(1, SeqCst) + 1, SeqCst);
            let shop = own.lock().unwrap().clone();
            if let Some(shop) = shop {
                let _ = shop.ping();
            }
            inside.fetch_sub(1, SeqCst);
            SECOND
        }
    })));
    let membrane = under(|builder| builder.expires_after(SECOND).clock(clock));
    let (_, shop) = lent(&membrane);
    *own.lock().unwrap() = Some(shop.clone());
    shop.ping().unwrap();
    own.lock().unwrap().take();
    assert_eq!((inside.load(SeqCst), most.load(SeqCst)), (0, 2));
}

/// Whoever sets a clock may hold a call up in it. Fails if nobody looks at the switch after the clock was asked.
#[test]
fn target_is_not_entered_when_the_membrane_is_revoked_while_the_clock_is_asked() {
    for at in 1.. {
        let own: Arc<Mutex<Option<Membrane>>> = Arc::default();
        let asked = Arc::new(AtomicUsize::new(0));
        let clock = Arc::new(Odd(Box::new({
            let (own, asked) = (own.clone(), asked.clone());
            move || {
                let membrane = own.lock().unwrap().clone();
                if let Some(membrane) = membrane
                    && asked.fetch_add(1, SeqCst) + 1 == at
                {
                    membrane.revoke("by the clock");
                }
                SECOND
            }
        })));
        let membrane = under(|builder| builder.expires_after(SECOND).clock(clock));
        let (stock, shop) = lent(&membrane);
        let late = Arc::new(AtomicUsize::new(0));
        stock.on_call({
            let (late, membrane) = (late.clone(), membrane.clone());
            move || _ = late.fetch_add(usize::from(membrane.is_revoked()), SeqCst)
        });
        *own.lock().unwrap() = Some(membrane.clone());
        let answer = shop.ping();
        own.lock().unwrap().take();
        assert_eq!(late.load(SeqCst), 0, "entered after the revocation");
        if asked.load(SeqCst) < at {
            assert_eq!((answer, stock.entered()), (Ok(()), 1));
            assert!(at > 3, "asked before, at and after the call");
            break;
        }
        tests::assert_revoked(answer, "by the clock");
    }
}

/// Fails if a running call keeps the time at which it began.
#[test]
fn call_that_began_in_time_is_withheld_when_it_ends_too_late() {
    let (membrane, clock) = timed(|builder| builder.expires_after(SECOND));
    let (stock, shop) = lent(&membrane);
    let door = Door::shut();
    stock.on_call({
        let door = door.clone();
        move || door.pass()
    });
    let running = start(move || shop.fetch(3));
    door.await_arrivals(1);
    clock.advance(SECOND);
    door.open();
    assert_unmet(running.finish(), Condition::Expired, None);
}
