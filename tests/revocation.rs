//! One switch ends all access, both ways, at once.
