//! What is kept of a call that has returned and is not over: its place among those that run, and whoever is told of it.
//!
//! It lies in the [relay](crate::waiting::Relay), which both ends of the call have, since either may be forgotten or go first.
//! Whoever ends the call takes it out, and so it ends once:
//!
//! - a poll, for as long as it lasts, and for good if it is the last one;
//! - the target's end as it is dropped, by the revoker or with the proxy;
//! - the caller's end as it is dropped.
//!
//! What is put back after an end has gone is over at once.

use crate::authority::watch::Watched;
use crate::conditions::ledger::Place;
use crate::error::Error;
use crate::fault::{self, Fault};
use object_membrane_gate::sync::{Mutex, lock};
use std::mem::{replace, take};

/// Where the rest of a call is between two polls. No code of another party runs under its lock.
#[derive(Default)]
pub(crate) struct Ongoing(Mutex<State>);

#[derive(Default)]
struct State {
    rest: Rest,
    /// Whether an end is gone: nobody polls any more.
    closed: bool,
}

/// Dropped in this order: who is told that the call is over may call, and is not to find its place taken.
#[derive(Default)]
pub(crate) struct Rest {
    /// If the scope has conditions.
    pub(crate) place: Option<Place>,
    /// If somebody is told of the call.
    pub(crate) watched: Option<Box<Watched>>,
}

impl Ongoing {
    /// Keeps what a poll leaves, until the next.
    pub(crate) fn keep(&self, rest: Rest) {
        // Bound, so that it is dropped after the lock.
        let _over = {
            let mut state = lock(&self.0);
            if state.closed && !fault::on(Fault::KeptAfterTheEnd) {
                rest
            } else {
                replace(&mut state.rest, rest)
            }
        };
    }

    /// Takes it for a poll.
    pub(crate) fn take(&self) -> Rest {
        let rest = take(&mut lock(&self.0).rest);
        if let Some(watched) = &rest.watched {
            watched.runs();
        }
        rest
    }

    /// Ends the call, if it is not over.
    pub(crate) fn close(&self) {
        let _over = {
            let mut state = lock(&self.0);
            state.closed = true;
            take(&mut state.rest)
        };
    }
}

impl Rest {
    /// The call ends with this error.
    pub(crate) fn failed(self, error: Error) {
        if let Some(watched) = &self.watched {
            watched.failed(error);
        }
    }

    /// A poll that nobody is told of: nor of how the call ends.
    pub(crate) fn unheard(self) {
        if let Some(watched) = self.watched {
            watched.unheard();
        }
    }
}
