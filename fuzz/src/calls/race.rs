//! One object that two threads wrap and drop: the proxy that is there stays the one proxy.

use super::actors::Actor;
use super::interfaces::PeerRef;
use super::interpreter::handle;
use super::stage::with;
use crate::panics::violation;
use std::sync::{Arc, OnceLock};
use std::thread;

/// Drops the last reference to a proxy on one thread while another wraps its object.
pub fn race(node: u8, rounds: u8) {
    let Some((node, membrane)) = handle(node) else {
        return;
    };
    let skip = with(|stage| {
        let skip =
            stage.raced || !stage.frames.is_empty() || stage.trees.nodes[node].revoked.is_some();
        // Threads are slow: once in a program.
        stage.raced |= !skip;
        skip
    });
    if skip {
        return;
    }
    let object: PeerRef = Arc::new(Actor::plain(usize::MAX));
    let Ok(mut proxy) = membrane.wrap(object.clone()) else {
        violation(String::from("race: not wrapped"))
    };
    for round in 0..rounds % 4 {
        let ready = OnceLock::new();
        let old = proxy;
        let wrapped = thread::scope(|scope| {
            scope.spawn(|| {
                let old = old;
                let _ = ready.set(());
                drop(old);
            });
            while ready.get().is_none() {
                thread::yield_now();
            }
            for _ in 0..u32::from(round) * 8 {
                std::hint::spin_loop();
            }
            membrane.wrap(object.clone())
        });
        let (Ok(one), Ok(other)) = (wrapped, membrane.wrap(object.clone())) else {
            violation(String::from("race: not wrapped"));
        };
        if !Arc::ptr_eq(&one, &other) {
            violation(String::from("race: a second proxy, while the first lives"));
        }
        proxy = one;
    }
}
