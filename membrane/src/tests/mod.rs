//! The proofs of what is shared between threads: models of the production code under loom.
//!
//! | file | races |
//! |---|---|
//! | `loom_identity` | wraps of one object with each other, with the drop of its last proxy, and with a revocation |
//! | `loom_tree` | grants, observers and further revokers with a revocation |
//! | `loom_calls` | calls through proxies, and targets whose `Drop` comes back, with a revocation |

mod loom_calls;
mod loom_identity;
mod loom_tree;
mod model;
