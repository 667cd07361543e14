//! Closures: `Arc<dyn Fn(..) -> Result<..> + Send + Sync>` crosses as a proxy that is a closure itself.
//!
//! `dyn Fn` has no hidden method to ask, so the closures that this module makes are known by their address. The address
//! is that of a live `Arc`'s contents; the entry goes when the contents are dropped, before the address can be another's.
//! One proxy has one closure while it lives: the proxy keeps a weak reference to it.

use crate::error::Error;
use crate::fault::{self, Fault};
use crate::interface::Target;
use crate::passable::Passable;
use crate::proxy::{Proxy, Route};
use crate::query::Query;
use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

/// The proxies behind the closures at these addresses.
type Closures = HashMap<usize, Weak<dyn Any + Send + Sync>>;

fn closures() -> MutexGuard<'static, Closures> {
    static CLOSURES: OnceLock<Mutex<Closures>> = OnceLock::new();
    CLOSURES
        .get_or_init(Mutex::default)
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
}

/// What a closure of ours captures: its proxy, and its entry above.
struct Captured<T: ?Sized + Target> {
    proxy: Arc<Proxy<T>>,
    address: usize,
}

impl<T: ?Sized + Target> Captured<T> {
    fn new<F>(proxy: &Arc<Proxy<T>>, closure: &Weak<F>) -> Self {
        let address = closure.as_ptr().cast::<()>().addr();
        let weak: Weak<Proxy<T>> = Arc::downgrade(proxy);
        closures().insert(address, weak);
        Self {
            proxy: proxy.clone(),
            address,
        }
    }
}

impl<T: ?Sized + Target> Drop for Captured<T> {
    fn drop(&mut self) {
        if fault::on(Fault::ClosuresKept) {
            std::mem::forget(self.proxy.clone());
            return;
        }
        // Bound, so that the weak reference is dropped after the lock.
        let _entry = closures().remove(&self.address);
    }
}

/// The proxy behind the closure at `address`, if it is one of ours.
fn behind<T: ?Sized + Target>(address: usize) -> Option<Arc<Proxy<T>>> {
    let entry = closures().get(&address).cloned();
    entry?.upgrade()?.downcast().ok()
}

/// The one closure of a proxy. A lock rather than a `OnceLock`: the closure may be dropped and made anew.
pub struct Kept<T: ?Sized>(Mutex<Option<Weak<T>>>);

impl<T: ?Sized> Default for Kept<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T: ?Sized> Kept<T> {
    fn get_or_make(&self, make: impl FnOnce() -> Arc<T>) -> Arc<T> {
        // Under the lock only our own code runs: `make` allocates a closure, and no closure is dropped here.
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(closure) = kept.as_ref().and_then(Weak::upgrade) {
            return closure;
        }
        let closure = make();
        *kept = Some(Arc::downgrade(&closure));
        closure
    }
}

macro_rules! closures {
    ($(($($arg:ident $value:ident),*))*) => {
        $(
            impl<$($arg: Passable,)* R, E> Target for dyn Fn($($arg),*) -> Result<R, E> + Send + Sync
            where
                R: Passable,
                E: Passable + From<Error>,
            {
                const NAME: &'static str = "Fn";
                const METHODS: &'static [&'static str] = &["call"];
                type Keep = Kept<Self>;
                const CARRIED: bool = true;

                fn face(proxy: Arc<Proxy<Self>>) -> Arc<Self> {
                    proxy.keep.get_or_make(|| {
                        Arc::new_cyclic(|closure| {
                            let captured = Captured::new(&proxy, closure);
                            move |$($value: $arg),*| {
                                // Names the whole, so that the closure captures it as one.
                                let captured: &Captured<Self> = &captured;
                                (&*captured.proxy).call(0, |target, call| {
                                    $(let $value = call.argument($value)?;)*
                                    call.enter_carried(|| 0u64 $(.saturating_add($value.size_bytes()))*)?;
                                    call.result(target($($value),*))
                                })
                            }
                        })
                    })
                }

                fn ask(target: &Arc<Self>, query: &Query<'_>) {
                    if let Some(proxy) = behind::<Self>(Arc::as_ptr(target).cast::<()>().addr()) {
                        query.record(&*proxy);
                    }
                }
            }
        )*
    };
}

closures! {
    ()
    (A a)
    (A a, B b)
    (A a, B b, C c)
    (A a, B b, C c, D d)
    (A a, B b, C c, D d, F f)
    (A a, B b, C c, D d, F f, G g)
}
