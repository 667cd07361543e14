//! An audit hook hears of everything, costs its owner nothing but time, and may do what it likes.

#[path = "audit/counting.rs"]
mod counting;
#[path = "audit/events.rs"]
mod events;
#[path = "audit/hooks.rs"]
mod hooks;
#[path = "audit/overtaken.rs"]
mod overtaken;

use super::seen;
use membrane::AuditEvent::Call;
use membrane::{AuditEvent, AuditRecord, ErrorKind, GrantId, Membrane, Outcome};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread::scope;
use std::time::Duration;
use tests::{Worker, assert_kind, plain_worker, sized, worker_policy};

/// What a hook was told.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<(GrantId, u64, AuditEvent)>>>);

impl Log {
    fn of(membrane: &Membrane) -> Self {
        let log = Self::default();
        log.listen(membrane);
        log
    }

    fn listen(&self, membrane: &Membrane) {
        let told = self.0.clone();
        membrane.audit(move |record: &AuditRecord<'_>| {
            told.lock()
                .unwrap()
                .push((record.grant, record.epoch, record.event));
        });
    }

    fn take(&self) -> Vec<(GrantId, u64, AuditEvent)> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }

    fn events(&self) -> Vec<(GrantId, AuditEvent)> {
        let told = self.take().into_iter();
        told.map(|(grant, _, event)| (grant, event)).collect()
    }

    /// The decisions about calls, and how they ended.
    fn calls(&self) -> Vec<(&'static str, Outcome)> {
        let told = self.take().into_iter();
        told.filter_map(|(_, _, event)| match event {
            Call(decision) => Some((decision.method, decision.outcome)),
            _ => None,
        })
        .collect()
    }
}

fn refused(kind: ErrorKind) -> Outcome {
    Outcome::Refused(kind.into())
}
