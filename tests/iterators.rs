//! An iterator that crosses is a call at each step.
