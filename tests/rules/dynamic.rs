//! A dynamic call ends in the typed proxy, so the rules hold for it.

use membrane::{Check, Error, ErrorKind, Policy, allow, interface, rule};
use runtime::{CallError, Limits, Object, Runtime, Value};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

#[interface(dynamic)]
trait Shelf {
    fn put(&self, name: &str, copies: u64) -> Result<u64, Error>;
}

#[derive(Default)]
struct Oak(AtomicUsize);

impl Shelf for Oak {
    fn put(&self, _: &str, copies: u64) -> Result<u64, Error> {
        self.0.fetch_add(1, SeqCst);
        Ok(copies)
    }
}

const PUT: u32 = 0;

/// Fails if the runtime has a way to the target beside its proxy.
#[test]
fn dynamic_call_obeys_the_rules_of_its_membrane() {
    let short = || rule!(dyn Shelf: put, name: Check::length(1..=3));
    let few = || rule!(dyn Shelf: put, |_, copies| *copies < 10);
    let policy = Policy::builder()
        .inbound(allow!(dyn Shelf: put))
        .outbound(allow!(dyn Shelf: put))
        .inbound_rule(short())
        .outbound_rule(short())
        .inbound_rule(few())
        .outbound_rule(few())
        .build()
        .unwrap();
    let runtime = Runtime::new();
    let guest = runtime.domain("guest", Limits::default());
    runtime.join(runtime.host(), &guest, policy).unwrap();
    for (owner, other) in [(runtime.host(), &guest), (&guest, runtime.host())] {
        let oak = Arc::<Oak>::default();
        let own: Object = owner.own::<dyn Shelf>(oak.clone());
        let lent = owner.send(&own, other).unwrap();
        let put = |name: &str, copies: u64| other.call(&lent, PUT, &[name.into(), copies.into()]);
        assert_eq!(put("abc", 9), Ok(Value::from(9_u64)));
        for (name, copies) in [("", 1), ("abcd", 1), ("abc", 10), ("é€", u64::MAX)] {
            let error = put(name, copies).unwrap_err();
            assert_eq!(error, CallError::Membrane(ErrorKind::Rejected.into()));
        }
        assert_eq!(oak.0.load(SeqCst), 1);
        // One's own object is called straight.
        let own = owner.call(&own, PUT, &["abcd".into(), 10_u64.into()]);
        assert_eq!(own, Ok(Value::from(10_u64)));
    }
}
