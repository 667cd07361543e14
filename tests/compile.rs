//! What must not compile, each with a compiling twin.
