#![doc = include_str!("docs/crate.md")]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate self as membrane;

mod admitted;
mod authority;
mod callback;
mod cold;
mod conditions;
mod crossing;
mod direction;
pub mod docs;
mod error;
#[cfg(not(membrane_faults))]
mod fault;
#[cfg(membrane_faults)]
#[doc(hidden)]
pub mod fault;
mod flat;
mod future;
mod identity;
mod interface;
mod iterator;
mod lease;
mod lent;
mod membrane_handle;
mod ongoing;
mod passable;
mod policy;
mod proxy;
mod query;
mod reason;
mod revocation;
mod rules;
mod scoped;
#[cfg(feature = "stream")]
mod stream;
mod table;
mod tree;
mod waiting;

pub use authority::{
    Audit, AuditEvent, AuditRecord, CallId, ConditionsSnapshot, Decision, GrantId, GrantKind,
    GrantSnapshot, GrantState, InterfaceSnapshot, Outcome, Refusals, RunningSnapshot, Snapshot,
};
pub use conditions::{
    Clock, Condition, Conditions, ConditionsBuilder, ManualClock, Rate, Standing, Suspension,
};
pub use crossing::Crossing;
pub use direction::Direction;
pub use error::{Error, ErrorKind};
pub use interface::Interface;
pub use lease::{Lease, Leased, lease};
pub use lent::Lent;
pub use membrane_handle::Membrane;
pub use object_membrane_macros::{Passable, allow, interface, rule};
pub use passable::{Data, Inspected, Passable, Shape};
pub use policy::{
    Allow, Homecoming, Interfaces, NamedArgumentRule, NamedRule, OnPanic, Policy, PolicyBuilder,
    PolicyError, PolicyProblem,
};
pub use reason::Reason;
pub use revocation::{Revoker, RunningCall, WaitError};
pub use rules::{ArgumentRule, Check, Constant, RuleProblem};
pub use scoped::ScopedGrant;

/// What the macros' expansions and the runtime name. Not for use by hand: the crate that does is trusted by both sides.
#[doc(hidden)]
pub mod __private {
    pub use crate::authority::visible;
    pub use crate::crossing::{Call, Crossing, Level};
    pub use crate::interface::{
        Argument, InterfaceResult, Super, Target, assert_borrowed, assert_copied, assert_interface,
        assert_result, check_argument, check_interface, concat, concat_supers, index, mask, number,
        offset,
    };
    pub use crate::lent::{carried, turned_away};
    pub use crate::passable::{Borrowed, Inspected, Lent, Owned, Unseen, copied};
    pub use crate::policy::allow;
    pub use crate::proxy::{Proxy, Route};
    pub use crate::query::Query;
    pub use crate::rules::{Erased, check_rule, closure_rule};
    pub use std::sync::Arc;
}

#[cfg(all(test, loom))]
mod tests;
