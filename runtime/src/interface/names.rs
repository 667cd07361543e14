//! From a method's name to its number, by one multiplication and one look: a perfect hash, made for the names there are.
//!
//! The caller compares the name that it finds, so that a name which is not there finds a wrong method, and no more.

/// A table in which each name has a place of its own.
#[derive(Debug)]
pub(crate) struct Names {
    factor: u64,
    /// 64 less the number of bits of an index.
    shift: u32,
    numbers: Box<[u8]>,
}

/// The most slots, as a power of two, before names are considered to be alike to the hash. 63 names find a table of
/// 4,096 slots within a few factors.
const MAX_BITS: u32 = 12;
const FACTORS_PER_SIZE: u64 = 256;
const NONE: u8 = u8::MAX;

impl Names {
    /// A table of `names`, each with its position as its number. Of names that occur twice, the first counts.
    pub(crate) fn new<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let mut digests: Vec<(u64, u8)> = Vec::new();
        for (number, name) in names.enumerate() {
            let digest = digest(name);
            if digests.iter().all(|(earlier, _)| *earlier != digest) {
                let number = u8::try_from(number).expect("an interface has at most 63 methods");
                digests.push((digest, number));
            }
        }
        let least = (digests.len().max(1) * 2).next_power_of_two().ilog2();
        for bits in least..=MAX_BITS {
            for attempt in 0..FACTORS_PER_SIZE {
                let factor = 0x9E37_79B9_7F4A_7C15_u64.wrapping_add(attempt << 1);
                if let Some(table) = Self::fill(&digests, factor, bits) {
                    return table;
                }
            }
        }
        // Does not happen with names that somebody writes: then each lookup finds nothing, and the call is refused.
        Self::fill(&[], 1, 1).expect("an empty table has no collision")
    }

    fn fill(digests: &[(u64, u8)], factor: u64, bits: u32) -> Option<Self> {
        let mut table = Self {
            factor,
            shift: u64::BITS - bits,
            numbers: vec![NONE; 1 << bits].into(),
        };
        for (digest, number) in digests {
            let slot = table.slot(*digest);
            if table.numbers[slot] != NONE {
                return None;
            }
            table.numbers[slot] = *number;
        }
        Some(table)
    }

    #[inline]
    fn slot(&self, digest: u64) -> usize {
        usize::try_from(digest.wrapping_mul(self.factor) >> self.shift).unwrap_or(0)
    }

    /// The one number that `name` can have.
    #[inline]
    pub(crate) fn find(&self, name: &str) -> Option<u32> {
        let number = self.numbers[self.slot(digest(name))];
        (number != NONE).then_some(number.into())
    }
}

/// A word that stands for a name. Short ones are taken whole, long ones eight bytes at a time.
#[inline]
fn digest(name: &str) -> u64 {
    let mut rest = name.as_bytes();
    let mut digest = rest.len() as u64;
    while let Some((word, after)) = rest.split_first_chunk::<8>() {
        digest = (digest ^ u64::from_le_bytes(*word)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
        digest ^= digest >> 32;
        rest = after;
    }
    let tail = rest
        .iter()
        .rev()
        .fold(0, |tail: u64, byte| tail << 8 | u64::from(*byte));
    digest ^= tail;
    digest ^ digest >> 29
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_and_has_its_own_place() {
        for count in [0_usize, 1, 2, 3, 10, 63] {
            for style in [
                "method",
                "get_the_value_of_",
                "",
                "öffne_",
                "a_rather_long_name_that_many_share_",
            ] {
                let names: Vec<String> =
                    (0..count).map(|index| format!("{style}{index}")).collect();
                let table = Names::new(names.iter().map(String::as_str));
                for (number, name) in names.iter().enumerate() {
                    assert_eq!(table.find(name), u32::try_from(number).ok(), "{name}");
                }
            }
        }
    }

    #[test]
    fn words_that_differ_in_one_place_are_told_apart() {
        let names = [
            "read",
            "read_at",
            "write",
            "write_at",
            "len",
            "list",
            "open_dir",
            "open_file",
            "sync",
            "create",
            "create_dir",
            "remove",
            "remove_dir",
        ];
        let table = Names::new(names.into_iter());
        for (number, name) in names.iter().enumerate() {
            assert_eq!(table.find(name), u32::try_from(number).ok());
        }
    }

    #[test]
    fn of_a_name_that_occurs_twice_the_first_counts() {
        let table = Names::new(["a", "b", "a"].into_iter());
        assert_eq!(table.find("a"), Some(0));
    }
}
