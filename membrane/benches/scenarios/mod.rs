//! The calls that are measured: the same loop over targets that the compiler cannot see through.

use membrane::{Error, Membrane, Policy, allow, interface};
use std::hint::black_box;
use std::sync::Arc;

/// What is called.
#[interface]
pub(crate) trait Service {
    /// Never allowed.
    fn secret(&self) -> Result<u64, Error>;
    /// A scalar in, a scalar out.
    fn add(&self, x: u64) -> Result<u64, Error>;
    /// An empty `String`: a result that does not fit in registers.
    fn text(&self, x: u64) -> Result<String, Error>;
}

struct Plus(u64);
struct Xor(u64);
struct Forward(Arc<dyn Service>);

impl Service for Plus {
    fn secret(&self) -> Result<u64, Error> {
        Ok(self.0)
    }

    fn add(&self, x: u64) -> Result<u64, Error> {
        Ok(x.wrapping_add(self.0))
    }

    fn text(&self, _: u64) -> Result<String, Error> {
        Ok(String::new())
    }
}

impl Service for Xor {
    fn secret(&self) -> Result<u64, Error> {
        Ok(self.0)
    }

    fn add(&self, x: u64) -> Result<u64, Error> {
        Ok(x ^ self.0)
    }

    fn text(&self, x: u64) -> Result<String, Error> {
        Ok(x.to_string())
    }
}

impl Service for Forward {
    fn secret(&self) -> Result<u64, Error> {
        self.0.secret()
    }

    fn add(&self, x: u64) -> Result<u64, Error> {
        self.0.add(x)
    }

    fn text(&self, x: u64) -> Result<String, Error> {
        self.0.text(x)
    }
}

/// One measured call.
#[derive(Clone)]
pub(crate) struct Scenario {
    /// Its name in reports.
    pub(crate) name: &'static str,
    /// The scenario that it is a ratio to.
    pub(crate) base: &'static str,
    /// What is called.
    pub(crate) object: Arc<dyn Service>,
    /// Makes so many calls of it.
    pub(crate) work: fn(&Arc<dyn Service>, u64) -> u64,
}

impl Scenario {
    /// Makes `calls` calls.
    #[inline(never)]
    pub(crate) fn run(&self, calls: u64) -> u64 {
        (self.work)(&self.object, calls)
    }
}

/// The loop of the calls with a scalar.
#[inline(never)]
pub(crate) fn add(object: &Arc<dyn Service>, calls: u64) -> u64 {
    (0..calls).fold(0, |sum, x| {
        sum.wrapping_add(object.add(black_box(x)).unwrap_or(1))
    })
}

#[inline(never)]
fn text(object: &Arc<dyn Service>, calls: u64) -> u64 {
    (0..calls).fold(0, |sum, x| {
        sum.wrapping_add(
            object
                .text(black_box(x))
                .map_or(1, |text| text.len() as u64),
        )
    })
}

#[inline(never)]
fn leased_add(object: &Arc<dyn Service>, calls: u64) -> u64 {
    let object = membrane::lease(object);
    (0..calls).fold(0, |sum, x| {
        sum.wrapping_add(object.add(black_box(x)).unwrap_or(1))
    })
}

#[inline(never)]
fn leased_text(object: &Arc<dyn Service>, calls: u64) -> u64 {
    let object = membrane::lease(object);
    (0..calls).fold(0, |sum, x| {
        sum.wrapping_add(
            object
                .text(black_box(x))
                .map_or(1, |text| text.len() as u64),
        )
    })
}

#[inline(never)]
fn secret(object: &Arc<dyn Service>, calls: u64) -> u64 {
    (0..calls).fold(0, |sum, _| {
        sum.wrapping_add(black_box(object).secret().unwrap_or(1))
    })
}

/// What a wrap is compared with: one more reference, and one less.
#[inline(never)]
fn clone_and_drop(object: &Arc<dyn Service>, calls: u64) -> u64 {
    (0..calls).fold(0, |sum, _| {
        sum.wrapping_add(u64::from(Arc::strong_count(black_box(&object.clone())) > 9))
    })
}

/// Wraps an object that has a proxy, and drops what it gets.
#[inline(never)]
fn wrap_known(object: &Arc<dyn Service>, calls: u64) -> u64 {
    let membrane = Membrane::new(policy());
    let _proxy = membrane.wrap(object.clone()).expect("live");
    wrap(&membrane, object, calls)
}

/// Wraps an object that has no proxy, and drops its proxy.
#[inline(never)]
fn wrap_new(object: &Arc<dyn Service>, calls: u64) -> u64 {
    wrap(&Membrane::new(policy()), object, calls)
}

fn wrap(membrane: &Membrane, object: &Arc<dyn Service>, calls: u64) -> u64 {
    (0..calls).fold(0, |sum, _| {
        sum.wrapping_add(u64::from(membrane.wrap(object.clone()).is_err()))
    })
}

/// Wraps so many objects, and takes them back at once.
#[inline(never)]
fn revoke_all(object: &Arc<dyn Service>, calls: u64) -> u64 {
    let objects: Vec<_> = (0..calls).map(|_| target()).collect();
    let membrane = Membrane::new(policy());
    let proxies: Vec<_> = objects
        .iter()
        .map(|object| membrane.wrap(object.clone()).expect("live"))
        .collect();
    membrane.revoke("measured");
    proxies.len() as u64 + Arc::strong_count(object) as u64
}

/// Makes so many grants, and revokes them at once.
#[inline(never)]
fn revoke_grants(object: &Arc<dyn Service>, calls: u64) -> u64 {
    let (membrane, policy) = (Membrane::new(policy()), policy());
    let grants: Vec<_> = (0..calls)
        .map(|_| membrane.grant(&policy).expect("the same policy"))
        .collect();
    membrane.revoke("measured");
    grants.len() as u64 + Arc::strong_count(object) as u64
}

/// A target of a type that is known at run time only.
pub(crate) fn target() -> Arc<dyn Service> {
    if black_box(true) {
        Arc::new(Plus(1))
    } else {
        Arc::new(Xor(1))
    }
}

/// Allows `add` and `text`, inbound.
pub(crate) fn policy() -> Policy {
    Policy::builder()
        .inbound(allow!(dyn Service: add, text))
        .build()
        .expect("a plain policy")
}

/// All scenarios; what is compared comes after what it is compared with.
pub(crate) fn all() -> Vec<Scenario> {
    let membrane = Membrane::new(policy());
    let lend = |object| membrane.wrap::<dyn Service>(object).expect("live");
    let gone = Membrane::new(policy());
    let revoked = gone.wrap::<dyn Service>(target()).expect("live");
    gone.revoke("measured");
    let chain = |depth: usize| {
        let mut membrane = Membrane::new(policy());
        let mut object = membrane.wrap(target()).expect("live");
        for _ in 1..depth {
            membrane = membrane.attenuate(&policy()).expect("the same policy");
            object = membrane.wrap(object).expect("live");
        }
        object
    };
    let nested =
        |hops: usize| (0..hops).fold(target(), |object, _| lend(Arc::new(Forward(object))));
    let forwards = |hops: usize| {
        (0..hops).fold(target(), |object, _| {
            Arc::new(Forward(object)) as Arc<dyn Service>
        })
    };
    let scenario = |name, base, object, work| Scenario {
        name,
        base,
        object,
        work,
    };
    vec![
        scenario("direct", "direct", target(), add),
        scenario("proxied", "direct", lend(target()), add),
        scenario("leased", "direct", lend(target()), leased_add),
        scenario("leased, no proxy", "direct", target(), leased_add),
        scenario("direct, String", "direct, String", target(), text),
        scenario("proxied, String", "direct, String", lend(target()), text),
        scenario(
            "leased, String",
            "direct, String",
            lend(target()),
            leased_text,
        ),
        scenario("refused", "direct", lend(target()), secret),
        scenario("revoked", "direct", revoked, add),
        scenario("derived 1 deep", "direct", chain(1), add),
        scenario("derived 64 deep", "derived 1 deep", chain(64), add),
        scenario("direct, 3 forwarders", "direct", forwards(3), add),
        scenario("nested, 3 hops", "direct", nested(3), add),
        scenario("nested, 1 hop", "direct", nested(1), add),
        scenario(
            "Arc clone and drop",
            "Arc clone and drop",
            target(),
            clone_and_drop,
        ),
        scenario(
            "wrap, known object",
            "Arc clone and drop",
            target(),
            wrap_known,
        ),
        scenario("wrap, new object", "Arc clone and drop", target(), wrap_new),
        scenario(
            "wrap, revoke and drop",
            "Arc clone and drop",
            target(),
            revoke_all,
        ),
        scenario(
            "grant, revoke and drop",
            "Arc clone and drop",
            target(),
            revoke_grants,
        ),
    ]
}
