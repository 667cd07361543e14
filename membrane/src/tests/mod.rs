//! The proofs of what is shared between threads: models of the production code under loom.
//!
//! | file | races |
//! |---|---|
//! | `loom_identity` | wraps of one object with each other, with the drop of its last proxy, and with a revocation |
//! | `loom_tree` | grants, observers and further revokers with a revocation |
//! | `loom_suspension` | suspensions with calls, births, resumptions and a revocation |
//! | `loom_conditions` | what is counted: calls, what runs at once, and proxies |
//! | `loom_calls` | calls through proxies, and targets whose `Drop` comes back, with a revocation |
//! | `loom_wakes` | callers of what is not over, with its wake-up and with a revocation |
//! | `loom_outcomes` | the ends of a call that waits, each of which may have to tell how it ended |
//! | `loom_dropped` | drops of the last proxies with each other, with a wrap and with a revocation, and who is told |

mod loom_calls;
mod loom_conditions;
mod loom_dropped;
mod loom_identity;
mod loom_outcomes;
mod loom_suspension;
mod loom_tree;
mod loom_wakes;
mod model;
