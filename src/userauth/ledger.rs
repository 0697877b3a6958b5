//! What a login has proven and what it owes. A program may count factors itself, and it counts what it
//! has called good; not all of that is a proof. A key is asked about before anybody signs with it (RFC
//! 4252 section 7), the responses of a dialog are judged one by one before the dialog is, and what was
//! proven for another user is no proof for this one (RFC 4252 section 5). Each of these is written down
//! here as owed, and as long as something is owed nothing that the program accepts lets the client in.

use super::{AuthAnswer, KEYBOARD_INTERACTIVE, PUBLICKEY};

/// A hash of a public key.
pub(super) type KeyId = Vec<u8>;

/// Something that the client has proven and the program has called good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Proof {
    pub(super) method: &'static str,
    /// Of a public key which one: two keys are two factors.
    pub(super) key: Option<KeyId>,
}

impl Proof {
    pub(super) fn of(method: &'static str) -> Self {
        Self { method, key: None }
    }
}

/// A key that was called good before there was a signature by it.
#[derive(Debug)]
struct UnsignedKey {
    key: KeyId,
    /// Whether it may have been counted beside others. Else the program has said that this key alone
    /// would let in: then another key that lets in alone may take its place (an agent with two keys
    /// that signs with one of them only).
    counted: bool,
}

/// The books of one connection.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// For this user and this service, each once.
    proven: Vec<Proof>,
    /// Proven for others on this connection, and not repeated since.
    inherited: Vec<Proof>,
    /// Called good, and not signed with since. As many as there are requests at most.
    unsigned: Vec<UnsignedKey>,
    /// Whether responses were called good in a dialog that was not.
    dialog_owed: bool,
    /// Whether the program knows partial successes, and may count them.
    counts_factors: bool,
}

impl Ledger {
    /// The methods that are proven for this user and service, each once, in order.
    pub(super) fn methods(&self) -> Vec<&'static str> {
        distinct(self.proven.iter().map(|proof| proof.method))
    }

    /// RFC 4252 section 5: another user or service starts anew. A program that counts for each
    /// connection goes on counting, so the same has to be proven for the new one too.
    pub(super) fn start_anew(&mut self) {
        for proof in std::mem::take(&mut self.proven) {
            if !self.inherited.contains(&proof) {
                self.inherited.push(proof);
            }
        }
    }

    /// Sees every answer of the program.
    pub(super) fn see(&mut self, answer: &AuthAnswer) {
        self.counts_factors |= answer.partial_success;
    }

    /// The program has called a key good that nobody has signed with.
    pub(super) fn promise(&mut self, key: KeyId) {
        let is_signed = |proof: &Proof| proof.key.as_ref() == Some(&key);
        if self.proven.iter().any(is_signed) {
            return;
        }
        let counted = self.counts_factors;
        match self.unsigned.iter_mut().find(|it| it.key == key) {
            Some(known) => known.counted |= counted,
            None => self.unsigned.push(UnsignedKey { key, counted }),
        }
    }

    /// A dialog was refused, though the program may have counted some of it.
    pub(super) fn dialog_failed(&mut self, some_of_it_was_good: bool) {
        self.dialog_owed |= some_of_it_was_good && self.counts_factors;
    }

    /// The client has proven something, and the program has called it good.
    pub(super) fn prove(&mut self, proof: Proof) {
        if proof.method == KEYBOARD_INTERACTIVE {
            self.dialog_owed = false;
        }
        if let Some(key) = &proof.key {
            self.unsigned.retain(|it| it.key != *key);
        }
        if self.proven.contains(&proof) {
            // the second signature by one key does not stand for a second key
            return;
        }
        if let Some(at) = self.inherited.iter().position(|it| it.method == proof.method) {
            self.inherited.swap_remove(at);
        }
        self.proven.push(proof);
    }

    /// By which methods something is owed when the program lets in for this one; empty when the client
    /// is in.
    pub(super) fn debts(&self, accepted: &str) -> Vec<&'static str> {
        let is_due = |it: &&UnsignedKey| it.counted || accepted != PUBLICKEY;
        let keys = self.unsigned.iter().filter(is_due).map(|_| PUBLICKEY);
        let dialog = self.dialog_owed.then_some(KEYBOARD_INTERACTIVE);
        distinct(self.inherited.iter().map(|proof| proof.method).chain(keys).chain(dialog))
    }
}

fn distinct(methods: impl Iterator<Item = &'static str>) -> Vec<&'static str> {
    let mut result = Vec::new();
    for method in methods {
        if !result.contains(&method) {
            result.push(method);
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::userauth::PASSWORD;

    fn signed(key: u8) -> Proof {
        Proof { method: PUBLICKEY, key: Some(vec![key]) }
    }

    fn partial() -> AuthAnswer {
        AuthAnswer { partial_success: true, ..AuthAnswer::default() }
    }

    #[test]
    fn a_key_is_owed_until_it_is_that_key_which_signs() {
        let mut ledger = Ledger::default();
        ledger.see(&partial());
        ledger.promise(vec![1]);
        ledger.prove(Proof::of(PASSWORD));
        ledger.prove(signed(2));
        assert_eq!(ledger.debts(PASSWORD), [PUBLICKEY]);
        assert_eq!(ledger.debts(PUBLICKEY), [PUBLICKEY]);
        ledger.prove(signed(1));
        assert_eq!(ledger.debts(PASSWORD), [""; 0]);
        // and stays paid
        ledger.promise(vec![1]);
        assert_eq!(ledger.debts(PASSWORD), [""; 0]);
        assert_eq!(ledger.methods(), [PASSWORD, PUBLICKEY]);
    }

    #[test]
    fn of_keys_that_each_let_in_alone_one_is_enough() {
        let mut ledger = Ledger::default();
        ledger.promise(vec![1]);
        ledger.prove(signed(2));
        assert_eq!(ledger.debts(PUBLICKEY), [""; 0]);
        assert_eq!(ledger.debts(PASSWORD), [PUBLICKEY]);
        // a second look at it, by a program that has begun to count
        ledger.see(&partial());
        ledger.promise(vec![1]);
        assert_eq!(ledger.debts(PUBLICKEY), [PUBLICKEY]);
    }

    #[test]
    fn one_key_does_not_stand_for_two_of_another_user() {
        let mut ledger = Ledger::default();
        ledger.prove(signed(1));
        ledger.prove(signed(2));
        ledger.start_anew();
        for _ in 0..3 {
            ledger.prove(signed(3));
            assert_eq!(ledger.debts(PUBLICKEY), [PUBLICKEY]);
        }
        ledger.prove(signed(4));
        assert_eq!(ledger.debts(PUBLICKEY), [""; 0]);
    }

    #[test]
    fn what_several_users_have_proven_is_owed_once() {
        let mut ledger = Ledger::default();
        for _ in 0..3 {
            ledger.prove(Proof::of(PASSWORD));
            ledger.start_anew();
        }
        assert_eq!(ledger.debts(PUBLICKEY), [PASSWORD]);
        ledger.prove(Proof::of(PASSWORD));
        assert_eq!(ledger.debts(PUBLICKEY), [""; 0]);
    }

    #[test]
    fn a_dialog_is_owed_where_factors_are_counted() {
        let mut ledger = Ledger::default();
        ledger.dialog_failed(true);
        assert_eq!(ledger.debts(PASSWORD), [""; 0]);
        ledger.see(&partial());
        ledger.dialog_failed(false);
        assert_eq!(ledger.debts(PASSWORD), [""; 0]);
        ledger.dialog_failed(true);
        assert_eq!(ledger.debts(PASSWORD), [KEYBOARD_INTERACTIVE]);
        ledger.prove(Proof::of(KEYBOARD_INTERACTIVE));
        assert_eq!(ledger.debts(PASSWORD), [""; 0]);
    }
}
