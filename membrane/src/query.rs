//! Asking an object whose proxy it is, without believing anybody but a proxy.
//!
//! The question travels through a hidden method of the interface. An object that is not a proxy does not answer, unless
//! its author overrode the hidden method; then it holds a [`Query`] that it cannot read, and that takes an answer only
//! from the very object that was asked, by address. Only proxies give answers, and two objects alive at once do not share an
//! address, so forwarding the question to somebody else's proxy gains nothing.

use crate::crossing::{MAX_LAYERS, Place};
use crate::direction::Direction;
use crate::error::{Error, ErrorKind};
use crate::fault::{self, Fault};
use crate::interface::{Interface, Places, Target, allowed_of};
use crate::proxy::Proxy;
use crate::tree::{Node, Scope, holder};
use object_membrane_gate::{Hold, Refusal, quietly};
use std::any::{Any, TypeId};
use std::cell::{Cell, RefCell};
use std::sync::Arc;

/// The question. Cannot be made, read or kept by anybody outside this crate.
pub struct Query<'a> {
    /// The address of the object that was asked.
    asked: usize,
    purpose: Purpose<'a>,
    found: RefCell<Option<Found>>,
    /// A `RefCell<Option<Arc<T>>>` for the interface that was asked.
    slot: &'a dyn Any,
}

/// Why it is asked.
enum Purpose<'a> {
    /// For what it is. A proxy of another tree than this one, which asks, does not answer.
    Whose { root: u64 },
    /// To keep its target in use, whatever tree it is of.
    Hold(&'a RefCell<Option<HeldAs>>),
}

/// What a proxy gave to keep its target in use, as the interface that the object crossed as.
struct HeldAs {
    hold: Hold<Node>,
    place: Place,
    places: Places,
    allowed: u64,
}

/// A target that is kept in use, as the interface that was asked.
pub(crate) struct Held<T: ?Sized> {
    pub(crate) target: Arc<T>,
    pub(crate) hold: Hold<Node>,
    pub(crate) place: Place,
    /// The methods of `T` that the proxy lets through, as bits.
    pub(crate) allowed: u64,
}

/// What a proxy said of itself.
#[derive(Clone)]
pub(crate) struct Found {
    pub(crate) scope: Arc<Scope>,
    pub(crate) direction: Direction,
    pub(crate) home: u16,
    /// The interface that the proxy's object crossed as, which the asked one may be a supertrait of.
    pub(crate) interface: TypeId,
    /// Why there is no target to go with it.
    refusal: Option<Refusal>,
    /// Whether the target is a proxy of the same tree itself.
    pub(crate) layered: bool,
    /// The methods that the proxy lets through, as bits: of the interface that its object crossed as.
    pub(crate) allowed: u64,
    /// The name of that interface, and where it has its methods.
    crossed: &'static (&'static str, Places),
}

impl Found {
    /// The name of the interface that the proxy's object crossed as.
    pub(crate) fn name(&self) -> &'static str {
        self.crossed.0
    }

    /// The methods of `T` that the proxy lets through, as bits.
    fn allowed_as<T: ?Sized + Target>(&self) -> u64 {
        allowed_of::<T>(self.crossed.1, self.allowed)
    }

    /// The side where the target lives.
    pub(crate) fn lives(&self) -> Option<&Arc<Scope>> {
        match self.direction {
            Direction::Outbound => holder(&self.scope, self.home),
            Direction::Inbound => Some(&self.scope),
        }
    }
}

/// Whose an object is.
pub(crate) enum Whose<T: ?Sized> {
    /// No proxy of the tree that asks.
    Plain,
    /// A live proxy, and its target.
    Live(Found, Arc<T>),
    /// A proxy that is broken.
    Broken,
}

/// Asks `object` whether it is a proxy of the tree `root`.
///
/// Runs foreign code if the object is no proxy and its author overrode the hidden method; so never under a lock.
///
/// # Errors
///
/// Too deep, if this thread has no room to look at the target: that must not pass for an answer. Panicked, if that foreign
/// code does.
pub(crate) fn whose<T: ?Sized + Target>(object: &Arc<T>, root: u64) -> Result<Whose<T>, Error> {
    let Some((found, target)) = ask(object, root)? else {
        return Ok(Whose::Plain);
    };
    match (found.refusal, target) {
        (None, Some(target)) => Ok(Whose::Live(found, target)),
        (Some(Refusal::TooDeep), _) if !fault::on(Fault::DeepIsBroken) => {
            Err(ErrorKind::TooDeep.into())
        }
        // The target could not be offered as the interface asked for: treat the proxy as an object of its own.
        (Some(_), _) | (None, None) => Ok(Whose::Broken),
    }
}

/// A proxy of a tree, live or broken, and those that it stands for, each with the methods of one interface that it lets through.
pub(crate) struct Layers {
    pub(crate) outer: Found,
    /// Outermost first.
    pub(crate) inner: Vec<Found>,
    /// The methods that all of them let through. What cannot be looked at lets nothing through.
    pub(crate) allowed: u64,
}

/// What `object` is, if it is a proxy of the tree `root`.
pub(crate) fn lent<T: ?Sized + Target>(object: &Arc<T>, root: u64) -> Option<Layers> {
    let (mut outer, mut target) = ask(object, root).ok()??;
    outer.allowed = outer.allowed_as::<T>();
    let mut layered = outer.layered && outer.refusal.is_none();
    let mut layers = Layers {
        allowed: outer.allowed,
        inner: Vec::new(),
        outer,
    };
    for _ in 0..MAX_LAYERS {
        if !layered {
            return Some(layers);
        }
        let Some(Ok(Some((mut inner, below)))) = target.map(|target| ask(&target, root)) else {
            break;
        };
        inner.allowed = inner.allowed_as::<T>();
        layered = inner.layered && inner.refusal.is_none();
        target = below;
        layers.allowed &= inner.allowed;
        layers.inner.push(inner);
    }
    layers.allowed = 0;
    Some(layers)
}

/// What a proxy says of itself, and its target if that can be had.
type Answer<T> = (Found, Option<Arc<T>>);

/// Asks `object`; no answer if it is no proxy of the tree `root`.
fn ask<T: ?Sized + Target>(object: &Arc<T>, root: u64) -> Result<Option<Answer<T>>, Error> {
    let slot: RefCell<Option<Arc<T>>> = RefCell::new(None);
    let query = question(object, Purpose::Whose { root }, &slot);
    put(object, &query)?;
    let found = query.found.into_inner();
    Ok(found.map(|found| (found, slot.into_inner())))
}

/// Keeps the target of `object` in use, if that is a proxy whose calls go through freely.
///
/// Runs foreign code as [`whose`] does; a panic in it counts as no answer.
pub(crate) fn hold<T: ?Sized + Interface>(object: &Arc<T>) -> Option<Held<T>> {
    let (held, slot) = (RefCell::new(None), RefCell::new(None));
    let query = question(object, Purpose::Hold(&held), &slot);
    put(object, &query).ok()?;
    let HeldAs {
        hold,
        place,
        places,
        allowed,
    } = held.into_inner()?;
    // If the target could not be offered as the interface asked for, the hold goes, too.
    let target: Arc<T> = slot.into_inner()?;
    Some(Held {
        target,
        hold,
        place,
        allowed: if fault::on(Fault::LeasedAsCrossed) {
            allowed
        } else {
            allowed_of::<T>(places, allowed)
        },
    })
}

/// How many objects may be asked inside each other on one thread.
const MAX_NESTED: u32 = 128;

thread_local! {
    /// How many are. Has no destructor.
    static NESTED: Cell<u32> = const { Cell::new(0) };
}

/// Puts the question. An object that is no proxy may do anything with it, and have the next one asked.
#[inline(always)]
fn put<T: ?Sized + Target>(object: &Arc<T>, query: &Query<'_>) -> Result<(), ErrorKind> {
    let depth = NESTED.get();
    if depth >= MAX_NESTED && !fault::on(Fault::EndlessQuestions) {
        return Err(ErrorKind::TooDeep);
    }
    if fault::on(Fault::LoudQuestions) {
        T::ask(object, query);
        return Ok(());
    }
    NESTED.set(depth + 1);
    let answered = quietly(|| T::ask(object, query));
    NESTED.set(depth);
    answered.ok_or(ErrorKind::Panicked)
}

#[inline(always)]
fn question<'a, T: ?Sized>(object: &Arc<T>, purpose: Purpose<'a>, slot: &'a dyn Any) -> Query<'a> {
    Query {
        asked: Arc::as_ptr(object).cast::<()>().addr(),
        purpose,
        found: RefCell::new(None),
        slot,
    }
}

impl Query<'_> {
    /// The answer of `proxy`, taken if it is what was asked.
    #[doc(hidden)]
    pub fn answer<T: ?Sized + Target>(&self, proxy: &Proxy<T>) {
        let is_asked = std::ptr::from_ref(proxy).cast::<()>().addr() == self.asked;
        if is_asked || fault::on(Fault::BelieveAnyone) {
            self.record(proxy);
        }
    }

    /// The answer of the proxy behind a closure, which `Target::ask` has found by the closure's address.
    pub(crate) fn record<T: ?Sized + Target>(&self, proxy: &Proxy<T>) {
        let target = match &self.purpose {
            Purpose::Whose { root } => {
                let is_own = proxy.scope().data().root_id() == *root;
                if !is_own && !fault::on(Fault::StripForeign) {
                    return;
                }
                let (target, refusal) = match proxy.pin() {
                    Ok(target) => (Some(target), None),
                    Err(refusal) => (None, Some(refusal)),
                };
                *self.found.borrow_mut() = Some(Found {
                    scope: proxy.scope().clone(),
                    direction: proxy.direction(),
                    home: proxy.home(),
                    interface: TypeId::of::<T>(),
                    refusal,
                    layered: proxy.is_layered(),
                    allowed: proxy.allowed(),
                    crossed: T::CROSSED,
                });
                target
            }
            Purpose::Hold(held) => proxy.hold().map(|(hold, target)| {
                // Replaced by an object that answers twice. What it replaces is dropped here.
                let _first = held.borrow_mut().replace(HeldAs {
                    hold,
                    place: proxy.place(),
                    places: T::PLACES,
                    allowed: proxy.allowed(),
                });
                target
            }),
        };
        if let Some(target) = target {
            T::offer(&target, self);
        }
    }

    /// Takes `target` if the question was for its interface. Of no effect before a proxy has answered.
    #[doc(hidden)]
    pub fn offer<T: ?Sized + Target>(&self, target: &Arc<T>) -> bool {
        let is_answered = match &self.purpose {
            Purpose::Whose { .. } => self.found.borrow().is_some(),
            Purpose::Hold(held) => held.borrow().is_some(),
        };
        if !is_answered {
            return false;
        }
        match self.slot.downcast_ref::<RefCell<Option<Arc<T>>>>() {
            Some(slot) => {
                *slot.borrow_mut() = Some(target.clone());
                true
            }
            None => false,
        }
    }
}

impl std::fmt::Debug for Query<'_> {
    /// Shows nothing: a hostile object may hold the query.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Query")
    }
}
