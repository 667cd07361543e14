//! The domains of a program, and how they are joined.

use crate::domain::{self, Domain, JoinError};
use crate::dynamic::DynamicInterface;
use crate::interface::Interface;
use crate::limits::Limits;
use crate::registry::Registry;
use membrane::{Membrane, Policy};
use std::fmt;
use std::sync::Arc;

/// The domains of a program: the host's own, and any number of others.
///
/// # Authority
///
/// Whoever has it can make domains and join them. A clone carries the same.
///
/// # Examples
///
/// See [`Domain`].
#[derive(Clone)]
pub struct Runtime {
    registry: Arc<Registry>,
    host: Domain,
}

impl Runtime {
    /// A runtime with the host's domain.
    pub fn new() -> Self {
        let registry = Arc::<Registry>::default();
        let limits = Limits {
            handles: usize::MAX,
            ..Limits::default()
        };
        let host = Domain::new("host", limits, registry.clone());
        Self { registry, host }
    }

    /// The host's own domain.
    pub fn host(&self) -> &Domain {
        &self.host
    }

    /// A new domain, joined to none.
    pub fn domain(&self, name: &str, limits: Limits) -> Domain {
        Domain::new(name, limits, self.registry.clone())
    }

    /// Joins two domains by a membrane: `wet` lends to `dry`, and `dry` can pass objects of its own with its calls.
    ///
    /// # Authority
    ///
    /// Nothing is lent yet. The handle that is returned can revoke and derive.
    ///
    /// # Errors
    ///
    /// [`JoinError`]: they are one, are joined already, or one is closed.
    pub fn join(&self, wet: &Domain, dry: &Domain, policy: Policy) -> Result<Membrane, JoinError> {
        domain::join(wet, dry, policy)
    }

    /// Makes an interface, and all those that its methods mention, one that a guest's object may have.
    ///
    /// Of several traits with the same [`InterfaceHash`](crate::InterfaceHash) a guest's object is the one that was known first,
    /// and is no argument or result where another is wanted: give one of them another name or version.
    pub fn know<T: ?Sized + DynamicInterface>(&self) {
        self.registry.know::<T>();
    }

    /// The interfaces that a guest's object may have, in no order.
    pub fn interfaces(&self) -> Vec<&'static Interface> {
        self.registry.interfaces()
    }
}

impl Default for Runtime {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runtime")
            .field("host", &self.host)
            .finish_non_exhaustive()
    }
}
