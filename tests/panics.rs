//! A panic crosses as an error without payload, either way.
