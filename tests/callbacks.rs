//! Closures and objects handed to the other side are wrapped, too.
