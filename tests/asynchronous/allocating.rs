//! What an async call allocates, counted. `membrane`'s source says what for.

use super::executors::{Bell, poll_idly};
use allocation_counter::measure;
use membrane::{Error, Membrane, Policy, allow, interface};
use std::sync::Arc;

#[interface]
trait Tally {
    async fn ready(&self, number: u64) -> Result<u64, Error>;
    async fn pending(&self, number: u64) -> Result<u64, Error>;
    async fn named(&self, name: &str) -> Result<u64, Error>;
    async fn hidden(&self) -> Result<u64, Error>;
}

struct Plain(Arc<Bell>);

#[interface]
impl Tally for Plain {
    async fn ready(&self, number: u64) -> Result<u64, Error> {
        Ok(number)
    }
    async fn pending(&self, number: u64) -> Result<u64, Error> {
        let mut polled = false;
        std::future::poll_fn(|_| {
            if std::mem::replace(&mut polled, true) {
                return std::task::Poll::Ready(());
            }
            std::task::Poll::Pending
        })
        .await;
        let _ = &self.0;
        Ok(number)
    }
    async fn named(&self, name: &str) -> Result<u64, Error> {
        Ok(name.len() as u64)
    }
    async fn hidden(&self) -> Result<u64, Error> {
        Ok(0)
    }
}

/// How many allocations `call` makes, once everything that is made only once is there; and that it gives all back.
fn allocations(mut call: impl FnMut()) -> u64 {
    (0..3).for_each(|_| call());
    let counted = measure(call);
    assert_eq!(counted.count_current, 0, "nothing stays");
    counted.count_total
}

fn to_the_end(future: &mut super::executors::Boxed<'_, Result<u64, Error>>) {
    while poll_idly(future).is_pending() {}
}

#[test]
fn allocations_of_an_async_call_are_few_and_known() {
    let policy = Policy::builder()
        .inbound(allow!(dyn Tally: ready, pending, named))
        .build()
        .unwrap();
    let membrane = Membrane::new(policy);
    let target: Arc<dyn Tally> = Arc::new(Plain(Bell::new()));
    let lent = membrane.wrap(target.clone()).unwrap();
    let count = |of: &Arc<dyn Tally>| {
        [
            allocations(|| to_the_end(&mut of.ready(1))),
            allocations(|| to_the_end(&mut of.pending(1))),
            allocations(|| to_the_end(&mut of.named("name"))),
            allocations(|| to_the_end(&mut of.hidden())),
            allocations(|| drop(of.pending(1))),
        ]
    };
    // The target's own future, each time.
    assert_eq!(count(&target), [1, 1, 1, 1, 1]);
    // Over at once: the holder's future, the target's, their owner, the relay. Else a slot and a proxy, too; and a copy of
    // what is borrowed. Refused or not polled: the holder's future.
    assert_eq!(count(&lent), [4, 6, 5, 1, 1]);
    membrane.revoke("over");
    assert_eq!(count(&lent), [1, 1, 1, 1, 1]);
}
