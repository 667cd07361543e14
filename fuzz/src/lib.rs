//! What the fuzz targets share: programs made of arbitrary bytes, reference models, and oracles.
//!
//! | target | input | checked against |
//! |---|---|---|
//! | [`calls`] | a program over two trees of membranes with several holders | a model of who holds what, an effect log, a census |
//! | [`grants`] | a program over a tree of grants with conditions | a model of all that is left of them |
//! | [`policy`] | lists of names, and pairs of policies | sets of names |
//! | [`values`] | nested data with objects in it | its own description |
//! | [`wire`] | messages of guests and peers, values for types, names of objects | the rules of messages, the types' descriptions, a list of names |
//!
//! The models are written from the documentation of `membrane` and `runtime`, not from its code, and share none of it. A target finds
//! a defect when the library and the model disagree; one of the two is then wrong.
//!
//! Each target is a function from bytes to `Result<(), String>`, so that the tests of this package replay the corpus and
//! thousands of pseudo-random inputs on the stable toolchain.

#![forbid(unsafe_code)]

pub mod calls;
pub mod grants;
pub mod panics;
pub mod policy;
pub mod random;
pub mod values;
pub mod wire;
