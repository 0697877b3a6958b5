//! The passwords for a store, and the bounds on the work of its key derivations: a file states itself how
//! often its password is hashed, for each of its parts.

use std::cell::Cell;

use super::KeystoreError;
use super::public_key::PublicKey;
use crate::limits;

/// The passwords for a store, and the work spent on it so far.
#[derive(Clone)]
pub struct Unlock<'a> {
    store_password: &'a str,
    key_password: Option<&'a str>,
    /// Whether private keys are ignored, so that nothing is derived for them.
    pub(super) public_only: bool,
    /// The work so far, in thousandths of the most that one derivation may take.
    spent: Cell<u64>,
}

impl<'a> From<&'a str> for Unlock<'a> {
    fn from(password: &'a str) -> Self {
        Self::new(password, None)
    }
}

impl<'a> From<&'a String> for Unlock<'a> {
    fn from(password: &'a String) -> Self {
        Self::new(password, None)
    }
}

impl<'a> Unlock<'a> {
    /// `key_password` is the password of the keys, if it is another than that of the store.
    pub fn new(store_password: &'a str, key_password: Option<&'a str>) -> Self {
        Self { store_password, key_password, public_only: false, spent: Cell::new(0) }
    }

    pub(super) fn public_only() -> Self {
        Self { public_only: true, ..Self::new("", None) }
    }

    /// The password of the store around the keys.
    pub(super) fn store_password(&self) -> &'a str {
        self.store_password
    }

    /// The password of a key. A file with only a key has only this one.
    pub(super) fn key_password(&self) -> &'a str {
        self.key_password.unwrap_or(self.store_password)
    }

    /// Charges PBKDF1, PBKDF2 or the derivation of PKCS#12.
    pub(super) fn pay_for_hashing(&self, iterations: u64) -> Result<(), KeystoreError> {
        self.pay(iterations, limits::MAX_HASH_ITERATIONS)
    }

    /// Charges bcrypt.
    pub(super) fn pay_for_bcrypt(&self, rounds: u64) -> Result<(), KeystoreError> {
        self.pay(rounds, limits::MAX_BCRYPT_ROUNDS)
    }

    /// Charges scrypt (RFC 7914): it fills `128 * n * r` bytes, `p` times.
    pub(super) fn pay_for_scrypt(&self, n: u64, r: u64, p: u64) -> Result<(), KeystoreError> {
        let memory = n.saturating_mul(128).saturating_mul(r);
        if memory > limits::MAX_DERIVATION_MEMORY {
            return Err(KeystoreError::TooCostly);
        }
        self.pay(memory.saturating_mul(p), limits::MAX_MEMORY_FILLED)
    }

    /// Charges Argon2 (RFC 9106): it fills `memory` bytes, `passes` times.
    pub(super) fn pay_for_argon2(&self, memory: u64, passes: u64) -> Result<(), KeystoreError> {
        if memory > limits::MAX_DERIVATION_MEMORY {
            return Err(KeystoreError::TooCostly);
        }
        self.pay(memory.saturating_mul(passes), limits::MAX_MEMORY_FILLED)
    }

    /// Charges the arithmetic with the numbers of a key, as a store may have many keys.
    pub(super) fn pay_for_key(&self, key: Option<&PublicKey>) -> Result<(), KeystoreError> {
        let bits = u64::from(key.map_or(0, PublicKey::bits));
        self.pay(bits.saturating_mul(bits), limits::MAX_KEY_BITS_SQUARED)
    }

    fn pay(&self, amount: u64, most: u64) -> Result<(), KeystoreError> {
        const WHOLE: u64 = 1000;
        if amount > most {
            return Err(KeystoreError::TooCostly);
        }
        let share = amount.saturating_mul(WHOLE).div_ceil(most.max(1));
        let spent = self.spent.get().saturating_add(share);
        if spent > limits::MAX_DEAREST_DERIVATIONS.saturating_mul(WHOLE) {
            return Err(KeystoreError::TooCostly);
        }
        self.spent.set(spent);
        Ok(())
    }
}

impl std::fmt::Debug for Unlock<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Unlock(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_of_the_key_is_that_of_the_store_unless_it_is_given() {
        assert_eq!(Unlock::from("a").key_password(), "a");
        let both = Unlock::new("a", Some("b"));
        assert_eq!((both.store_password(), both.key_password()), ("a", "b"));
        assert_eq!(Unlock::new("a", Some("")).key_password(), "");
        assert_eq!(format!("{both:?}"), "Unlock(..)");
    }

    #[test]
    fn one_derivation_is_bounded_and_so_are_all_together() {
        const MIB: u64 = 1 << 20;
        let refused = [
            Unlock::from("").pay_for_hashing(u64::from(u32::MAX)),
            Unlock::from("").pay_for_bcrypt(100_000),
            Unlock::from("").pay_for_scrypt(1 << 40, 8, 1),
            Unlock::from("").pay_for_scrypt(1 << 14, 8, 1 << 30),
            Unlock::from("").pay_for_scrypt(u64::MAX, u64::MAX, u64::MAX),
            Unlock::from("").pay_for_argon2(4096 * MIB, 1),
            Unlock::from("").pay_for_argon2(MIB, 1 << 30),
        ];
        assert!(refused.iter().all(|each| *each == Err(KeystoreError::TooCostly)), "{refused:?}");
        let unlock = Unlock::from("");
        for _ in 0..limits::MAX_DEAREST_DERIVATIONS {
            unlock.pay_for_hashing(limits::MAX_HASH_ITERATIONS).unwrap();
        }
        assert_eq!(unlock.pay_for_hashing(1), Err(KeystoreError::TooCostly));
        let unlock = Unlock::from("");
        for _ in 0..100 {
            unlock.pay_for_hashing(10_000).unwrap();
            unlock.pay_for_argon2(8 * MIB, 13).unwrap_or_else(|error| panic!("{error}"));
        }
    }
}
