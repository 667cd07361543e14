//! What was lent can be used as listed, in every view of it, and nothing else can be reached from it.

#[path = "confinement/defaults.rs"]
mod defaults;
#[path = "confinement/listed.rs"]
mod listed;
#[path = "confinement/reachable.rs"]
mod reachable;
#[path = "confinement/upcasts.rs"]
mod upcasts;

use membrane::{
    Allow, Direction, Error, ErrorKind, Interface, Membrane, Policy, PolicyBuilder, allow,
    interface,
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tests::fixtures::parcel::{Load, Secret};

#[interface]
trait Base: std::fmt::Debug {
    fn base(&self) -> Result<u64, Error>;
}

#[interface]
trait Middle: Base {
    fn middle(&self) -> Result<u64, Error>;
}

#[interface]
trait Top: Middle {
    fn top(&self) -> Result<u64, Error>;
    fn sum(&self) -> Result<u64, Error> {
        Ok(self.top()? + self.middle()? + self.base()?)
    }
}

#[interface]
trait Left: Base {
    fn left(&self) -> Result<u64, Error>;
}

#[interface]
trait Right: Base {
    fn right(&self) -> Result<u64, Error>;
}

#[interface]
trait Bottom: Left + Right {
    fn bottom(&self) -> Result<u64, Error>;
}

/// The target of all of them. Writes down which of its methods are entered.
#[derive(Debug, Default)]
struct Thing {
    entered: Mutex<Vec<&'static str>>,
}

impl Thing {
    fn entered(&self) -> MutexGuard<'_, Vec<&'static str>> {
        self.entered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, method: &'static str, result: u64) -> u64 {
        self.entered().push(method);
        result
    }

    fn take_entered(&self) -> Vec<&'static str> {
        std::mem::take(&mut *self.entered())
    }
}

impl Base for Thing {
    fn base(&self) -> Result<u64, Error> {
        Ok(self.enter("base", 1))
    }
}

impl Middle for Thing {
    fn middle(&self) -> Result<u64, Error> {
        Ok(self.enter("middle", 2))
    }
}

impl Top for Thing {
    fn top(&self) -> Result<u64, Error> {
        Ok(self.enter("top", 4))
    }
}

impl Left for Thing {
    fn left(&self) -> Result<u64, Error> {
        Ok(self.enter("left", 8))
    }
}

impl Right for Thing {
    fn right(&self) -> Result<u64, Error> {
        Ok(self.enter("right", 16))
    }
}

impl Bottom for Thing {
    fn bottom(&self) -> Result<u64, Error> {
        Ok(self.enter("bottom", 32))
    }
}

/// Everything else is listed, under every other interface: none of it may help.
fn tempting(except: &str) -> PolicyBuilder {
    [
        allow!(dyn Base: base),
        allow!(dyn Middle: middle, base),
        allow!(dyn Top: top, sum, middle, base),
        allow!(dyn Left: left, base),
        allow!(dyn Right: right, base),
        allow!(dyn Bottom: bottom, left, right, base),
    ]
    .into_iter()
    .filter(|allow| allow.interface() != except)
    .fold(Policy::builder(), PolicyBuilder::inbound)
}
