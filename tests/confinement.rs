//! Everything that crosses is wrapped, and nothing else crosses.
