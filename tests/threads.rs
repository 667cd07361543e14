//! Many threads call, wrap, drop and revoke at once.
