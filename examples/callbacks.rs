//! The guest hands its own objects in. They are wrapped, too, and die with the rest.
//!
//! Look for: the guest gives the owner a listener, as an object and as a closure; the owner calls both through the
//! membrane and may call only what the outbound policy lists; an object that comes home is the guest's own again, so that
//! it recognises it; after `revoke` the owner's references to the guest's objects fail as well.
//!
//! Weak: a callback that does not return keeps the owner's thread. A deadline is the caller's affair in this version.

use std::error::Error as StdError;
use std::sync::{Arc, Mutex, PoisonError};

use membrane::{Error, ErrorKind, Membrane, Policy, allow, interface};

#[interface]
trait Listener {
    fn rang(&self, times: u32) -> Result<(), Error>;
    fn shut_down(&self) -> Result<(), Error>;
}

type OnRing = Arc<dyn Fn(u32) -> Result<(), Error> + Send + Sync>;

#[interface]
trait Bell {
    fn listen(&self, listener: Arc<dyn Listener>) -> Result<(), Error>;
    fn on_ring(&self, callback: OnRing) -> Result<(), Error>;
    fn listeners(&self) -> Result<Vec<Arc<dyn Listener>>, Error>;
}

/// The owner's bell. What it holds of the guest's are proxies, though nothing here says so.
#[derive(Default)]
struct Tower {
    listeners: Mutex<Vec<Arc<dyn Listener>>>,
    callbacks: Mutex<Vec<OnRing>>,
}

impl Tower {
    /// Rings, and returns what the listeners and callbacks answered. No lock is held while the guest's code runs.
    fn ring(&self, times: u32) -> Vec<Result<(), Error>> {
        let callbacks = self
            .callbacks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let heard = self.all().into_iter().map(|listener| listener.rang(times));
        heard
            .chain(callbacks.into_iter().map(|callback| callback(times)))
            .collect()
    }

    fn all(&self) -> Vec<Arc<dyn Listener>> {
        self.listeners
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Bell for Tower {
    fn listen(&self, listener: Arc<dyn Listener>) -> Result<(), Error> {
        self.listeners
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(listener);
        Ok(())
    }

    fn on_ring(&self, callback: OnRing) -> Result<(), Error> {
        self.callbacks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(callback);
        Ok(())
    }

    fn listeners(&self) -> Result<Vec<Arc<dyn Listener>>, Error> {
        Ok(self.all())
    }
}

/// The guest's listener.
#[derive(Default)]
struct Ear(Mutex<u32>);

impl Listener for Ear {
    fn rang(&self, times: u32) -> Result<(), Error> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += times;
        Ok(())
    }

    fn shut_down(&self) -> Result<(), Error> {
        unreachable!("it is on nobody's list")
    }
}

fn main() -> Result<(), Box<dyn StdError>> {
    let policy = Policy::builder()
        .inbound(allow!(dyn Bell: listen, on_ring, listeners))
        .outbound(allow!(dyn Listener: rang))
        .build()?;
    let membrane = Membrane::new(policy);
    let tower = Arc::new(Tower::default());
    let bell = membrane.wrap::<dyn Bell>(tower.clone())?;

    // The guest, which has `bell` and nothing else.
    let ear = Arc::new(Ear::default());
    let heard: Arc<dyn Listener> = ear.clone();
    bell.listen(heard.clone())?;
    let by_closure = Arc::new(Mutex::new(0));
    let counter = by_closure.clone();
    bell.on_ring(Arc::new(move |times| {
        *counter.lock().unwrap_or_else(PoisonError::into_inner) += times;
        Ok(())
    }))?;
    assert!(
        Arc::ptr_eq(&bell.listeners()?[0], &heard),
        "it comes home as the guest's own object"
    );

    // The owner.
    assert_eq!(tower.ring(3), [Ok(()), Ok(())]);
    assert_eq!(*ear.0.lock().unwrap(), 3);
    assert_eq!(*by_closure.lock().unwrap(), 3);
    assert_eq!(
        tower.all()[0].shut_down().unwrap_err().kind(),
        ErrorKind::Refused
    );
    println!(
        "the owner rang 3 times; shut_down: {}",
        tower.all()[0].shut_down().unwrap_err()
    );

    membrane.revoke("quiet hours");
    let dead = tower.ring(1);
    assert!(
        dead.iter()
            .all(|answer| answer.unwrap_err().kind() == ErrorKind::Revoked)
    );
    assert_eq!(*by_closure.lock().unwrap(), 3, "nothing was heard any more");
    println!("the owner rings again: {}", dead[0].unwrap_err());
    Ok(())
}

#[test]
fn the_guests_objects_are_wrapped_and_revoked_too() {
    main().unwrap();
}
