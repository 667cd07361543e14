//! Prose that lasts: how the membrane thinks, and what it promises.
