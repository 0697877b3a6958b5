//! Data that is encrypted on its way into a packet: whole blocks of the cipher are encrypted from their
//! source; data that shares a block with something else is copied first.

use crate::error::CryptoError;

/// A plain packet of which a part is in other memory. These are encrypted in this order: `before` in place,
/// `source` to `target`, which has the same length, and `after` in place.
pub(super) struct Apart<'p, 'd> {
    pub(super) before: &'p mut [u8],
    pub(super) source: &'d [u8],
    pub(super) target: &'p mut [u8],
    pub(super) after: &'p mut [u8],
}

impl<'p, 'd> Apart<'p, 'd> {
    /// `data` belongs into `body` from `at` on; cipher blocks begin at the start of `body`.
    pub(super) fn new(
        body: &'p mut [u8],
        at: usize,
        data: &'d [u8],
        block_len: usize,
    ) -> Result<Self, CryptoError> {
        let failed = CryptoError::Failed;
        if at.checked_add(data.len()).is_none_or(|end| end > body.len()) {
            return Err(failed);
        }
        let start = at.checked_next_multiple_of(block_len).ok_or(failed)?.min(body.len());
        let (head, rest) = data.split_at_checked(start.saturating_sub(at)).unwrap_or((data, &[]));
        let direct = rest.len().saturating_sub(rest.len().checked_rem(block_len).ok_or(failed)?);
        let (source, tail) = rest.split_at_checked(direct).ok_or(failed)?;
        let (before, body) = body.split_at_mut_checked(start).ok_or(failed)?;
        let (target, after) = body.split_at_mut_checked(direct).ok_or(failed)?;
        let end = at.saturating_add(head.len());
        before.get_mut(at..end).ok_or(failed)?.copy_from_slice(head);
        after.get_mut(..tail.len()).ok_or(failed)?.copy_from_slice(tail);
        Ok(Self { before, source, target, after })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_has_its_place() {
        for block_len in [1, 8, 64] {
            for at in 0..80 {
                for len in 0..200 {
                    let mut body = [0; 280];
                    let data: Vec<u8> = (1..=200).take(len).collect();
                    let apart = Apart::new(&mut body, at, &data, block_len).unwrap();
                    assert_eq!(apart.before.len() % block_len, 0);
                    assert_eq!(apart.source.len() % block_len, 0);
                    assert!(apart.source.len() + 2 * block_len > len);
                    apart.target.copy_from_slice(apart.source);
                    assert_eq!(body[at..at + len], data);
                    assert_eq!(body.iter().filter(|byte| **byte != 0).count(), len);
                }
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for (at, len) in [(0, 11), (10, 1), (11, 0), (usize::MAX, 1)] {
            assert!(Apart::new(&mut [0; 10], at, &vec![0; len], 4).is_err(), "{at} {len}");
        }
    }
}
