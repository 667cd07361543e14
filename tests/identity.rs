//! One object has one proxy, and a round trip unwraps.
