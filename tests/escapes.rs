//! Known ways out of a membrane, each staged: named after the class that it is of, in the order of the catalogue.
//!
//! In the ordinary build nothing gets out. Built with `--cfg membrane_faults`, the same tests are the positive controls: with a
//! fault switched on, each attack must succeed; see [`lab`].

#[path = "escapes/beyond.rs"]
mod beyond;
#[path = "escapes/cast.rs"]
mod cast;
#[path = "escapes/catalogue.rs"]
mod catalogue;
#[path = "escapes/checking.rs"]
mod checking;
#[path = "escapes/crossing.rs"]
mod crossing;
#[path = "escapes/lab.rs"]
mod lab;
#[path = "escapes/machinery.rs"]
mod machinery;
#[path = "escapes/side_doors.rs"]
mod side_doors;
#[path = "escapes/stage.rs"]
mod stage;
#[path = "escapes/unwrapping.rs"]
mod unwrapping;
