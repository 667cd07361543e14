//! An error tells its kind and nothing of the other side.
