//! Dynamic calls: against typed ones, through a membrane against straight, by name against by number.

use crate::row::{least, limited, told};
use membrane::{Error, Policy, allow, interface};
use runtime::{Domain, Limits, Object, Runtime, Value};
use std::hint::black_box;
use std::sync::Arc;

#[interface(dynamic)]
trait Sum {
    fn one(&self, a: u64) -> Result<u64, Error>;
    fn four(&self, a: u64, b: u64, c: u64, d: u64) -> Result<u64, Error>;
}

struct Plus(u64);

impl Sum for Plus {
    fn one(&self, a: u64) -> Result<u64, Error> {
        Ok(a.wrapping_add(self.0))
    }

    fn four(&self, a: u64, b: u64, c: u64, d: u64) -> Result<u64, Error> {
        Ok(a ^ b ^ c ^ d ^ self.0)
    }
}

struct Xor(u64);

impl Sum for Xor {
    fn one(&self, a: u64) -> Result<u64, Error> {
        Ok(a ^ self.0)
    }

    fn four(&self, a: u64, b: u64, c: u64, d: u64) -> Result<u64, Error> {
        Ok(a.wrapping_mul(b) ^ c ^ d ^ self.0)
    }
}

/// A target of a type that is known at run time only.
fn target() -> Arc<dyn Sum> {
    if black_box(true) {
        Arc::new(Plus(1))
    } else {
        Arc::new(Xor(1))
    }
}

fn is_int(result: &Result<Value, runtime::CallError>) -> u64 {
    u64::from(matches!(result, Ok(Value::Int(_) | Value::Uint(_))))
}

fn by_number(side: &Domain, object: &Object, calls: u64) -> u64 {
    (0..calls).fold(0, |sum, number| {
        sum + is_int(&side.call(black_box(object), 0, &[Value::from(black_box(number))]))
    })
}

fn by_name(side: &Domain, object: &Object, calls: u64) -> u64 {
    (0..calls).fold(0, |sum, number| {
        let args = [Value::from(black_box(number))];
        sum + is_int(&side.call_named(black_box(object), black_box("one"), &args))
    })
}

fn with_four(side: &Domain, object: &Object, calls: u64) -> u64 {
    (0..calls).fold(0, |sum, number| {
        let args = [number, 2, 3, 4].map(|number| Value::from(black_box(number)));
        sum + is_int(&side.call(black_box(object), 1, &args))
    })
}

pub(crate) fn report() {
    let runtime = Runtime::new();
    let host = runtime.host();
    let guest = runtime.domain("guest", Limits::default());
    let policy = Policy::builder()
        .inbound(allow!(dyn Sum: one, four))
        .build()
        .expect("a plain policy");
    runtime.join(host, &guest, policy).expect("both are open");
    let plain = target();
    let own = host.own(plain.clone());
    let lent = host.send(&own, &guest).expect("they are joined");

    let [typed, direct, proxied, named, direct_four, proxied_four] = least(
        400,
        5_000,
        [
            &|calls| {
                (0..calls).fold(0, |sum, number| {
                    sum + black_box(&plain).one(black_box(number)).unwrap_or(0)
                })
            },
            &|calls| by_number(host, &own, calls),
            &|calls| by_number(&guest, &lent, calls),
            &|calls| by_name(&guest, &lent, calls),
            &|calls| with_four(host, &own, calls),
            &|calls| with_four(&guest, &lent, calls),
        ],
    );
    told("typed call", &format!("{typed:.2} ns"));
    told(
        "dynamic direct to typed",
        &format!("{:.2}x ({direct:.2} ns)", direct / typed),
    );
    limited(
        "dynamic proxied to dynamic direct",
        proxied / direct,
        1.5,
        "x",
    );
    limited(
        "the same with four scalars",
        proxied_four / direct_four,
        1.5,
        "x",
    );
    // 4 ns where a typed call takes 1.1 ns.
    limited(
        "by name over by number, in typed calls",
        (named - proxied) / typed,
        4.0 / 1.1,
        "x",
    );
}
