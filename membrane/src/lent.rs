//! What an owner learns of an object that it asks about.

use crate::authority::GrantId;
use crate::authority::tally::Counted;
use crate::authority::watch;
use crate::direction::Direction;
use crate::error::{Error, ErrorKind};
use crate::membrane_handle::Membrane;
use crate::query::{Found, Layers};
use crate::reason::Reason;
use crate::revocation::Revoker;
use crate::tree::Scope;
use std::sync::{Arc, Weak};

/// A proxy of a membrane, as [`Membrane::lent`] finds it.
///
/// # Authority
///
/// To see what is lent, and to take it back. Nothing can be lent or unwrapped with it: the grant may be somebody else's, who
/// made it for lending on.
#[derive(Clone, Debug)]
pub struct Lent {
    allowed: u64,
    membrane: Membrane,
    outer: Layer,
    /// What the proxy stands for, if that is a proxy, and so on; and of which grants, which are not kept for that.
    inner: Vec<(Layer, Weak<Scope>)>,
    /// The methods of the interface that was asked about.
    methods: &'static [&'static str],
}

/// One of the proxies that stand for each other.
#[derive(Clone, Copy, Debug)]
struct Layer {
    direction: Direction,
    /// The methods that it lets through itself.
    allowed: u64,
    /// The interface that its object crossed as.
    interface: &'static str,
}

impl Layer {
    fn new(found: &Found) -> Self {
        Self {
            direction: found.direction,
            allowed: found.allowed,
            interface: found.name(),
        }
    }
}

/// Whether the method of this number is one of `allowed`.
fn has(allowed: u64, method: u32) -> bool {
    method < u64::BITS && allowed & (1 << method) != 0
}

impl Lent {
    pub(crate) fn new(found: Layers, methods: &'static [&'static str]) -> Self {
        let inner = found.inner.iter();
        Self {
            allowed: found.allowed,
            outer: Layer::new(&found.outer),
            inner: inner
                .map(|found| (Layer::new(found), Arc::downgrade(&found.scope)))
                .collect(),
            membrane: Membrane(found.outer.scope),
            methods,
        }
    }

    /// The way that the object went.
    pub fn direction(&self) -> Direction {
        self.outer.direction
    }

    /// The membrane or grant that the proxy is of, as [`Membrane::id`] and [snapshots](crate::Membrane::snapshot) name it.
    pub fn grant(&self) -> GrantId {
        self.membrane.id()
    }

    /// What ends access through that membrane or grant, and so through the proxy.
    pub fn revoker(&self) -> Revoker {
        self.membrane.revoker()
    }

    /// Whether calls still go through, as far as revocation goes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Revoked`](crate::ErrorKind::Revoked) with the reason, if they do not.
    pub fn check(&self) -> Result<(), Error> {
        let scope = &self.membrane.0;
        if scope.is_revoked() {
            Err(Error::revoked(Reason::from_number(scope.reason())))
        } else {
            Ok(())
        }
    }

    /// Whether the method of this number may be called: its position in
    /// [`Interface::METHODS`](crate::Interface::METHODS) of the interface that was asked about.
    pub fn allows(&self, method: u32) -> bool {
        has(self.allowed, method)
    }
}

/// What is carried through a membrane in `direction`, and is no object of an interface that could be asked about: as if it were
/// one, all of it allowed.
pub fn carried(
    membrane: &Membrane,
    direction: Direction,
    interface: &'static str,
    methods: &'static [&'static str],
) -> Lent {
    let allowed = (1 << methods.len()) - 1;
    Lent {
        allowed,
        membrane: membrane.clone(),
        outer: Layer {
            direction,
            allowed,
            interface,
        },
        inner: Vec::new(),
        methods,
    }
}

/// The answer to a call of this method, if the list or a revocation refuses it, whatever its arguments are: counted, and told to
/// whoever watches, as if the proxy had been asked. For whoever has arguments to convert before there is anything to ask it.
///
/// Of layers it is the first one whose list has not got the method that refuses.
pub fn turned_away(lent: &Lent, method: u32) -> Option<Error> {
    if lent.allows(method) {
        let revoked = (Counted::Revoked, lent.check().err()?);
        tell(lent, &lent.outer, &lent.membrane.0, method, revoked);
        return Some(revoked.1);
    }
    let refused = (Counted::NotAllowed, ErrorKind::Refused.into());
    let mut inner = lent.inner.iter();
    match inner.find(|(layer, _)| !has(layer.allowed, method)) {
        Some((layer, scope)) if has(lent.outer.allowed, method) => {
            // If its grant is gone, so is whoever would hear.
            if let Some(scope) = scope.upgrade() {
                tell(lent, layer, &scope, method, refused);
            }
        }
        _ => tell(lent, &lent.outer, &lent.membrane.0, method, refused),
    }
    Some(refused.1)
}

fn tell(lent: &Lent, layer: &Layer, scope: &Scope, method: u32, (what, error): (Counted, Error)) {
    let name = lent.methods.get(method as usize);
    let label = (layer.interface, name.copied().unwrap_or("?"));
    let calls = layer.direction.reversed();
    watch::turned_away_as(scope, label, calls, what, || error);
}
