//! Hash maps whose keys are numbers that this side counts up itself. An attacker cannot choose the keys, so
//! a keyed hash against forced collisions would cost much and protect nothing.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A map whose keys are numbers that only this side chooses.
pub type NumberMap<K, V> = HashMap<K, V, BuildHasherDefault<NumberHasher>>;

/// 2^64 divided by the golden ratio: numbers that follow one another are spread over all bits (Fibonacci
/// hashing, Knuth, The Art of Computer Programming, volume 3, section 6.4).
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// The hash of one number.
#[derive(Debug, Default, Clone, Copy)]
pub struct NumberHasher(u64);

impl Hasher for NumberHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    /// Not called for the keys of these maps, which are hashed by [`Self::write_u64`] and
    /// [`Self::write_u32`].
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(u64::from(number));
    }

    fn write_u64(&mut self, number: u64) {
        let spread = (self.0 ^ number).wrapping_mul(SPREAD);
        // The table takes the place from the low bits, but the product mixes the high ones best.
        self.0 = spread ^ (spread >> 32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn hash(number: u64) -> u64 {
        let mut hasher = NumberHasher::default();
        hasher.write_u64(number);
        hasher.finish()
    }

    #[test]
    fn numbers_in_a_row_and_with_gaps_get_places_of_their_own() {
        for step in [1, 2, 64, 1 << 16, 1 << 32] {
            let places: HashSet<u64> = (0..1024).map(|index| hash(index * step) & 1023).collect();
            // A random hash fills 647 of 1024 places.
            assert!(places.len() >= 500, "{} places with steps of {step}", places.len());
        }
    }

    #[test]
    fn what_was_put_in_is_found() {
        let mut map: NumberMap<u64, u64> = NumberMap::default();
        map.extend((0..10_000).map(|number| (number * 3, number)));
        assert_eq!(map.remove(&2_997), Some(999));
        assert_eq!(map.get(&2_998), None);
        assert_eq!(map.len(), 9_999);
    }
}
