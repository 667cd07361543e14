//! A grant has at most what its parent has, in one hop.
