//! A table of channels by number, as a sorted vector: numbers rise, so the next channel goes to its end.
//! With one channel it costs one place. With very many, a channel that is removed leaves its place vacant
//! until half of the places are, as closing the gap moves all places behind it.

use super::event::ChannelId;

/// A value for each number.
#[derive(Debug)]
pub(super) struct Slots<T> {
    /// Sorted by number; `None` is vacant.
    places: Vec<(ChannelId, Option<T>)>,
    /// The number of vacant places.
    vacant: usize,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self { places: Vec::new(), vacant: 0 }
    }
}

impl<T> Slots<T> {
    pub(super) fn len(&self) -> usize {
        self.places.len().saturating_sub(self.vacant)
    }

    pub(super) fn get(&self, id: ChannelId) -> Option<&T> {
        self.places.get(self.place(id).ok()?)?.1.as_ref()
    }

    pub(super) fn get_mut(&mut self, id: ChannelId) -> Option<&mut T> {
        let place = self.place(id).ok()?;
        self.places.get_mut(place)?.1.as_mut()
    }

    /// Inserts the slot of a number; gives it back if the number is in use.
    pub(super) fn insert(&mut self, id: ChannelId, slot: T) -> Result<(), T> {
        match self.place(id) {
            Err(place) => self.places.insert(place, (id, Some(slot))),
            Ok(place) => match self.places.get_mut(place) {
                Some((_, vacant @ None)) => {
                    *vacant = Some(slot);
                    self.vacant = self.vacant.saturating_sub(1);
                }
                Some(_) | None => return Err(slot),
            },
        }
        Ok(())
    }

    pub(super) fn remove(&mut self, id: ChannelId) -> Option<T> {
        let place = self.place(id).ok()?;
        let slot = self.places.get_mut(place)?.1.take()?;
        self.vacant = self.vacant.saturating_add(1);
        if self.vacant > self.places.len() / 2 {
            self.close_gaps();
        }
        if self.places.is_empty() {
            // frees the memory of many channels
            self.places = Vec::new();
        }
        Some(slot)
    }

    /// The numbers in use, ascending.
    pub(super) fn ids(&self) -> impl Iterator<Item = ChannelId> {
        self.places.iter().filter(|(_, slot)| slot.is_some()).map(|(id, _)| *id)
    }

    /// Frees memory if there are few channels.
    pub(super) fn release_memory(&mut self) {
        if self.len() < 4 {
            self.close_gaps();
            self.places.shrink_to_fit();
        }
    }

    fn close_gaps(&mut self) {
        if self.vacant > 0 {
            self.places.retain(|(_, slot)| slot.is_some());
            self.vacant = 0;
        }
    }

    /// The place of a number, or where it belongs.
    fn place(&self, id: ChannelId) -> Result<usize, usize> {
        let first = self.places.first().map_or(0, |(first, _)| first.0);
        // as long as no gap was closed, a number's place is its distance to the first number
        let guess = id.0.checked_sub(first).and_then(|place| usize::try_from(place).ok());
        if let Some(guess) = guess
            && self.places.get(guess).is_some_and(|(found, _)| *found == id)
        {
            return Ok(guess);
        }
        self.places.binary_search_by_key(&id, |(id, _)| *id)
    }
}

impl<T> IntoIterator for Slots<T> {
    type Item = (ChannelId, T);
    type IntoIter = std::iter::FilterMap<
        std::vec::IntoIter<(ChannelId, Option<T>)>,
        fn((ChannelId, Option<T>)) -> Option<(ChannelId, T)>,
    >;

    fn into_iter(self) -> Self::IntoIter {
        self.places.into_iter().filter_map(|(id, slot)| Some((id, slot?)))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Does the same to this table and to a map, as `draw` chooses, and compares them.
    fn differs_never(draws: impl Iterator<Item = u32>, numbers: u32) {
        let (mut slots, mut map) = (Slots::default(), BTreeMap::new());
        for draw in draws {
            let number = (draw >> 8) % numbers;
            let id = ChannelId(number);
            match draw % 4 {
                0 => assert_eq!(slots.remove(id), map.remove(&number)),
                1 if map.contains_key(&number) => assert_eq!(slots.insert(id, draw), Err(draw)),
                1 | 2 => {
                    // at the end, as mostly, or at any free number
                    let number = if draw % 4 == 1 {
                        number
                    } else {
                        slots.places.last().map_or(0, |(id, _)| id.0 + 1)
                    };
                    assert_eq!(slots.insert(ChannelId(number), draw), Ok(()));
                    map.insert(number, draw);
                }
                _ => {}
            }
            assert_eq!(slots.get(id), map.get(&number));
            assert_eq!(slots.get_mut(id), map.get_mut(&number));
            assert_eq!(slots.len(), map.len());
            assert!(slots.places.len() <= 2 * slots.len(), "no more than half are empty");
            if draw % 64 == 3 {
                slots.release_memory();
                assert!(slots.ids().map(|id| id.0).eq(map.keys().copied()));
            }
        }
        assert!(slots.into_iter().map(|(id, slot)| (id.0, slot)).eq(map));
    }

    #[test]
    fn the_slots_are_those_of_a_map() {
        for numbers in [1, 2, 5, 40, 1000] {
            let mut state = 7_u32;
            let draws = std::iter::repeat_with(|| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                state ^ (state >> 15)
            });
            differs_never(draws.take(20_000), numbers);
        }
    }

    #[test]
    fn numbers_at_both_ends_of_what_there_is_are_found() {
        let mut slots = Slots::default();
        for number in [0, 1, 7, u32::MAX - 1, u32::MAX] {
            assert_eq!(slots.insert(ChannelId(number), number), Ok(()));
        }
        for number in [0, 1, 7, u32::MAX - 1, u32::MAX] {
            assert_eq!(slots.get(ChannelId(number)), Some(&number));
        }
        for number in [2, 6, 8, u32::MAX / 2, u32::MAX - 2] {
            assert_eq!(slots.get(ChannelId(number)), None);
        }
    }

    #[test]
    fn the_last_one_takes_the_memory_with_it() {
        let mut slots = Slots::default();
        for number in 0..100 {
            slots.insert(ChannelId(number), ()).unwrap();
        }
        for number in 0..100 {
            assert_eq!(slots.remove(ChannelId(number)), Some(()));
        }
        assert_eq!(slots.places.capacity(), 0);
        slots.insert(ChannelId(100), ()).unwrap();
        slots.release_memory();
        assert_eq!(slots.places.capacity(), 1);
    }
}
