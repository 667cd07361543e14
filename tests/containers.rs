//! References inside containers, structs and enums are wrapped; data crosses bare.
