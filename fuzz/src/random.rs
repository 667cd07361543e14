//! Pseudo-random bytes that are the same on every machine, for the tests that run without libFuzzer.

/// A generator of pseudo-random words.
///
/// Source: Guy Steele, Doug Lea, Christine Flood, *Fast splittable pseudorandom number generators* (2014).
#[derive(Clone, Debug)]
pub struct SplitMix(u64);

impl SplitMix {
    /// Starts from `seed`.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next word.
    pub const fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        word ^ (word >> 31)
    }

    /// An input of at most `longest` bytes.
    pub fn input(&mut self, longest: usize) -> Vec<u8> {
        let length = usize::try_from(self.word() % (longest as u64 + 1)).unwrap_or(longest);
        let mut bytes = Vec::with_capacity(length + 8);
        while bytes.len() < length {
            bytes.extend(self.word().to_le_bytes());
        }
        bytes.truncate(length);
        bytes
    }
}
