//! A call may come back through its membrane, revoke it and drop its own proxy.
