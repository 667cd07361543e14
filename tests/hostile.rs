//! Hostile implementors and holders, in safe Rust, with every hidden item that they can name.
//!
//! What generated code and `membrane::__private` offer is used here as an attacker would use it. Each attack counts how
//! often it was reached.

#[path = "hostile/answering.rs"]
mod answering;
#[path = "hostile/forwarding.rs"]
mod forwarding;
#[path = "hostile/leases.rs"]
mod leases;
#[path = "hostile/looking.rs"]
mod looking;
#[path = "hostile/running_code.rs"]
mod running_code;
#[path = "hostile/wearing_down.rs"]
mod wearing_down;

use membrane::__private::{Proxy, Query, Route as _, Target};
use membrane::{
    Direction, Error, ErrorKind, Interface as _, Membrane, Policy, PolicyBuilder, allow, interface,
};
use std::any::TypeId;
use std::fmt::Debug;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError, Weak};

#[interface]
trait Named: Debug {
    fn name(&self) -> Result<u64, Error>;
}

#[interface]
trait Safe: Named {
    fn open(&self) -> Result<u64, Error>;
    fn take(&self, other: Arc<dyn Safe>) -> Result<(), Error>;
    fn take_named(&self, other: Arc<dyn Named>) -> Result<(), Error>;
    fn give(&self) -> Result<Arc<dyn Safe>, Error>;
    fn destroy(&self) -> Result<u64, Error>;
}

fn opening() -> PolicyBuilder {
    let list = allow!(dyn Safe: name, open, take, take_named, give);
    let names = allow!(dyn Named: name);
    Policy::builder()
        .inbound(list)
        .outbound(list)
        .inbound(names)
        .outbound(names)
}

fn open_policy() -> Policy {
    opening().build().unwrap()
}

/// An honest object; what it was given last can be looked at.
#[derive(Default)]
struct Honest {
    number: u64,
    destroyed: AtomicUsize,
    formatted: AtomicUsize,
    taken: Mutex<Option<Arc<dyn Safe>>>,
    taken_named: Mutex<Option<Arc<dyn Named>>>,
    padding: [u64; 5],
}

impl Honest {
    fn new(number: u64) -> Arc<Self> {
        Arc::new(Self {
            number,
            padding: [number; 5],
            ..Self::default()
        })
    }

    #[track_caller]
    fn taken(&self) -> Arc<dyn Safe> {
        self.taken
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
            .expect("it was given one")
    }

    #[track_caller]
    fn taken_named(&self) -> Arc<dyn Named> {
        self.taken_named
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
            .expect("it was given one")
    }
}

impl Debug for Honest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.formatted.fetch_add(1, SeqCst);
        write!(f, "the combination is {}{:?}", self.number, self.padding)
    }
}

impl Named for Honest {
    fn name(&self) -> Result<u64, Error> {
        Ok(self.number)
    }
}

impl Safe for Honest {
    fn open(&self) -> Result<u64, Error> {
        Ok(self.number)
    }
    fn take(&self, other: Arc<dyn Safe>) -> Result<(), Error> {
        *self.taken.lock().unwrap_or_else(PoisonError::into_inner) = Some(other);
        Ok(())
    }
    fn take_named(&self, other: Arc<dyn Named>) -> Result<(), Error> {
        *self
            .taken_named
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(other);
        Ok(())
    }
    fn give(&self) -> Result<Arc<dyn Safe>, Error> {
        Ok(self.taken())
    }
    fn destroy(&self) -> Result<u64, Error> {
        self.destroyed.fetch_add(1, SeqCst);
        Ok(self.number)
    }
}

type Trick = Box<dyn Fn(&Evil, &Query<'_>) + Send + Sync>;

/// An object that overrides the hidden methods, at both levels.
struct Evil {
    me: Weak<Evil>,
    asked: AtomicUsize,
    trick: Trick,
}

impl Evil {
    fn new(trick: impl Fn(&Self, &Query<'_>) + Send + Sync + 'static) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            me: me.clone(),
            asked: AtomicUsize::new(0),
            trick: Box::new(trick),
        })
    }

    fn me(&self) -> Arc<dyn Safe> {
        self.me.upgrade().expect("it is being asked")
    }

    fn asked(&self) -> usize {
        self.asked.load(SeqCst)
    }

    fn play(&self, query: &Query<'_>) {
        self.asked.fetch_add(1, SeqCst);
        (self.trick)(self, query);
    }
}

impl Debug for Evil {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Evil")
    }
}

/// What an evil object answers to whoever calls it.
const EVIL: u64 = 666;

impl Named for Evil {
    fn name(&self) -> Result<u64, Error> {
        Ok(EVIL)
    }
    fn __membrane_named(&self, query: &Query<'_>) {
        self.play(query);
    }
}

impl Safe for Evil {
    fn open(&self) -> Result<u64, Error> {
        Ok(EVIL)
    }
    fn take(&self, _: Arc<dyn Safe>) -> Result<(), Error> {
        Ok(())
    }
    fn take_named(&self, _: Arc<dyn Named>) -> Result<(), Error> {
        Ok(())
    }
    fn give(&self) -> Result<Arc<dyn Safe>, Error> {
        Ok(self.me())
    }
    fn destroy(&self) -> Result<u64, Error> {
        Ok(EVIL)
    }
    fn __membrane_safe(&self, query: &Query<'_>) {
        self.play(query);
    }
}

/// An owner with a victim, lent as `stolen`, and a desk to hand things to, lent as `desk`.
struct Stage {
    membrane: Membrane,
    victim: Arc<Honest>,
    stolen: Arc<dyn Safe>,
    owner: Arc<Honest>,
    desk: Arc<dyn Safe>,
}

fn stage() -> Stage {
    let membrane = Membrane::new(open_policy());
    let (victim, owner) = (Honest::new(1), Honest::new(2));
    let stolen = membrane.wrap::<dyn Safe>(victim.clone()).unwrap();
    let desk = membrane.wrap::<dyn Safe>(owner.clone()).unwrap();
    Stage {
        membrane,
        victim,
        stolen,
        owner,
        desk,
    }
}

impl Stage {
    /// Hands `evil` over by every way there is, as either interface, and asserts that it always arrives as itself: wrapped,
    /// answering for itself, and neither the victim nor anything of the victim's.
    #[track_caller]
    fn arrives_as_itself(&self, evil: &Arc<Evil>) {
        let raw: Arc<dyn Safe> = evil.clone();
        let raw_named: Arc<dyn Named> = evil.clone();
        let before = evil.asked();
        let ways: [&dyn Fn() -> Arc<dyn Safe>; 3] = [
            &|| {
                self.desk.take(raw.clone()).unwrap();
                self.owner.taken()
            },
            &|| {
                let container = vec![Some(raw.clone())];
                let passed = self.membrane.pass(container, Direction::Inbound).unwrap();
                passed.into_iter().flatten().next().unwrap()
            },
            &|| self.membrane.wrap(raw.clone()).unwrap(),
        ];
        for way in ways {
            // Nobody holds what arrived before: each time it is asked anew.
            let one = way();
            assert_eq!((one.open(), one.name()), (Ok(EVIL), Ok(EVIL)));
            assert!(!Arc::ptr_eq(&one, &raw), "it is wrapped");
            assert_eq!(one.destroy().map_err(Error::kind), Err(ErrorKind::Refused));
        }
        let (one, other) = (ways[0](), ways[1]());
        assert!(Arc::ptr_eq(&one, &other));
        self.desk.take_named(raw_named.clone()).unwrap();
        let named = self.owner.taken_named();
        assert_eq!(named.name(), Ok(EVIL));
        assert!(!Arc::ptr_eq(&named, &raw_named));
        assert!(evil.asked() >= before + 4, "the trick was reached");
        assert_eq!(self.victim.destroyed.load(SeqCst), 0);
    }
}
