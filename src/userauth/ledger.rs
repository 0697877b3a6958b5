//! Keeps account of the proofs of a login, so that a program that counts factors itself cannot be misled:
//! it counts what it has accepted, but not all of that is a proof. It accepts a key before there is a
//! signature by it (RFC 4252 section 7); it judges the responses of a dialog one by one before the dialog;
//! and a proof for another user is no proof for this one (RFC 4252 section 5). Each of these is noted here
//! as owed, and as long as something is owed, nothing that the program accepts lets the client in.

use super::{AuthAnswer, GSSAPI_KEYEX, GSSAPI_WITH_MIC, KEYBOARD_INTERACTIVE, PUBLICKEY};

/// A hash of a public key, or of the name of a principal.
pub(super) type KeyId = Vec<u8>;

/// A proof of the client that the program has accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Proof {
    pub(super) method: &'static str,
    /// The key of a public key proof, the principal of one by GSSAPI: two of them are two factors.
    pub(super) key: Option<KeyId>,
}

impl Proof {
    pub(super) fn of(method: &'static str) -> Self {
        Self { method, key: None }
    }

    /// Whether one is as good as the other: the methods of GSSAPI both prove that a client has a ticket.
    fn is_of_kind(&self, other: &Self) -> bool {
        let is_gss = |it: &Self| matches!(it.method, GSSAPI_WITH_MIC | GSSAPI_KEYEX);
        self.method == other.method || (is_gss(self) && is_gss(other))
    }
}

/// A key that the program has accepted in a query, before a signature by it.
#[derive(Debug)]
struct UnsignedKey {
    key: KeyId,
    /// Whether the program may have counted it as one of several factors. Else the program has accepted
    /// this key as sufficient alone: then another key that is sufficient alone may replace it (an agent
    /// with two keys may sign with one of them only).
    counted: bool,
}

/// The account of one connection.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// Proofs for the current user and service, each once.
    proven: Vec<Proof>,
    /// Proofs for other users or services on this connection, which were not repeated for the current one.
    inherited: Vec<Proof>,
    /// Keys that were accepted in queries and have not signed since; at most one for each request.
    unsigned: Vec<UnsignedKey>,
    /// Whether the program accepted responses of a dialog that it then refused.
    dialog_owed: bool,
    /// Whether the program has used partial success, and so may count factors.
    counts_factors: bool,
}

impl Ledger {
    /// The methods that are proven for this user and service, each once, in order.
    pub(super) fn methods(&self) -> Vec<&'static str> {
        distinct(self.proven.iter().map(|proof| proof.method))
    }

    /// RFC 4252 section 5: another user or service starts anew. A program that counts per connection does
    /// not start anew, so each earlier proof has to be repeated for the new user.
    pub(super) fn start_anew(&mut self) {
        for proof in std::mem::take(&mut self.proven) {
            if !self.inherited.contains(&proof) {
                self.inherited.push(proof);
            }
        }
    }

    /// Notes every answer of the program.
    pub(super) fn see(&mut self, answer: &AuthAnswer) {
        self.counts_factors |= answer.partial_success;
    }

    /// The program has accepted a key in a query, without a signature.
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

    /// A dialog was refused, though the program may have counted responses of it.
    pub(super) fn dialog_failed(&mut self, some_of_it_was_good: bool) {
        self.dialog_owed |= some_of_it_was_good && self.counts_factors;
    }

    /// The client has given a proof, and the program has accepted it.
    pub(super) fn prove(&mut self, proof: Proof) {
        if proof.method == KEYBOARD_INTERACTIVE {
            self.dialog_owed = false;
        }
        if let Some(key) = &proof.key {
            self.unsigned.retain(|it| it.key != *key);
        }
        if self.proven.iter().any(|it| it.is_of_kind(&proof) && it.key == proof.key) {
            // a second signature by one key is no second factor
            return;
        }
        if let Some(at) = self.inherited.iter().position(|it| it.is_of_kind(&proof)) {
            self.inherited.swap_remove(at);
        }
        self.proven.push(proof);
    }

    /// The methods that are still owed when the program accepts a request of method `accepted`; empty when
    /// the client may be let in.
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
        // and the signature still counts
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
        // a second query of the key, at a program that has begun to count
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
    fn one_ticket_is_one_factor_by_either_method() {
        let by = |method, principal: u8| Proof { method, key: Some(vec![principal]) };
        let mut ledger = Ledger::default();
        ledger.prove(by(GSSAPI_KEYEX, 1));
        ledger.prove(by(GSSAPI_WITH_MIC, 1));
        assert_eq!(ledger.methods(), [GSSAPI_KEYEX]);
        ledger.start_anew();
        assert_eq!(ledger.debts(PASSWORD), [GSSAPI_KEYEX]);
        ledger.prove(by(GSSAPI_WITH_MIC, 2));
        assert_eq!(ledger.debts(PASSWORD), [""; 0]);
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
