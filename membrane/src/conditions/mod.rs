//! Conditions on a grant: how long, how often, how many at once, how much.
//!
//! # Who holds what
//!
//! A node of the tree that was born with conditions has a [`Ledger`](ledger::Ledger); nodes below it without any of their own
//! share it. Ledgers form lines of their own, each with the nearest one above it. A call is asked of the whole line, and is
//! charged to all of it or to none: the line's accounts are locked together, nearest first, so that any two lines agree on
//! the order. No foreign code runs under these locks: the clock is read and the values are measured before.
//!
//! A node with a ledger is guarded in the gate for life. Any other is guarded while it, or one that it derives from, is
//! suspended ([`suspension`]); otherwise none of this costs it anything.
//!
//! # When
//!
//! | | when a call is let in, before its arguments are converted | right before the target | before the result is delivered |
//! |---|---|---|---|
//! | suspension | refused | | |
//! | expiry | refused | refused | withheld |
//! | calls, rate | refused if there is none left | spent | |
//! | concurrency | a place is taken, and given back when the call is over | | |
//! | bytes | | those of the arguments are spent | those of the result are spent, or it is withheld |
//!
//! Proxies are counted where they are made, in `identity.rs`: as long as they are listed there.

mod account;
mod builder;
mod clock;
mod condition;
mod handle;
pub(crate) mod ledger;
mod rate;
mod standing;
pub(crate) mod suspension;

pub use builder::{Conditions, ConditionsBuilder};
pub use clock::{Clock, ManualClock};
pub use condition::Condition;
pub use rate::Rate;
pub use standing::{Standing, Suspension};
