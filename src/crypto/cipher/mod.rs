//! Packet protection. A cipher row says how long its keys are and builds an [`Opener`] (inbound)
//! and a [`Sealer`] (outbound) that work in place on whole binary packets (RFC 4253 section 6);
//! framing stays in `transport` (`packet_codec`, `packet_sealer`).

mod aes_cbc;
mod aes_ctr;
mod aes_gcm;
mod arcfour;
mod blowfish;
mod cast128;
mod chacha20_poly1305;
mod discard;
mod evp;
mod none;
#[cfg(test)]
mod tests;
mod triple_des;
mod with_mac;

pub use discard::discarding;
pub use none::plaintext;

use super::Security;
use super::mac::MacAlgorithm;
use crate::error::CryptoError;

/// Decrypts inbound packets in place.
///
/// A packet in memory is `uint32 packet_length | byte padding_length | payload | padding | tag`.
pub trait Opener: Send {
    /// The length of the encrypted part has to be a multiple of this; at least 8 (RFC 4253 section 6).
    fn block_len(&self) -> usize;

    /// Bytes of MAC or authentication tag after the encrypted part.
    fn tag_len(&self) -> usize;

    /// Bytes needed before the length can be read: 4, or one cipher block when the length is
    /// encrypted together with the packet.
    fn prefix_len(&self) -> usize;

    /// Whether the 4 length bytes count towards the multiple of `block_len` (they do when they are
    /// encrypted with the rest; not for AEAD and encrypt-then-MAC).
    fn length_counts(&self) -> bool;

    /// Whether the peer is told of a bad packet only after as many bytes as the longest packet has,
    /// whatever is wrong with it: the length is used before the MAC is checked, and with CBC it is the
    /// plaintext of a block that an attacker may have taken from elsewhere.
    fn guards_length(&self) -> bool {
        false
    }

    /// Reads `packet_length` from the first `prefix_len` bytes of the packet with this sequence
    /// number. Called exactly once per packet; may decrypt the prefix in place, which
    /// [`Opener::open`] then finds decrypted.
    fn packet_length(&mut self, sequence: u32, prefix: &mut [u8]) -> Result<u32, CryptoError>;

    /// Checks the tag of a whole packet (its `tag_len` last bytes) and decrypts what is still
    /// encrypted after the length field, in place.
    fn open(&mut self, sequence: u32, packet: &mut [u8]) -> Result<(), CryptoError>;

    /// As [`Opener::open`], but writes the decrypted bytes between the length field and the tag to
    /// `opened`, which has that length.
    fn open_into(
        &mut self,
        sequence: u32,
        packet: &mut [u8],
        opened: &mut [u8],
    ) -> Result<(), CryptoError> {
        self.open(sequence, packet)?;
        let end = LENGTH_LEN.saturating_add(opened.len());
        opened.copy_from_slice(packet.get(LENGTH_LEN..end).ok_or(CryptoError::Failed)?);
        Ok(())
    }

    /// The folder of `crypto/` if it runs on our own code for vector instructions.
    fn vector_code(&self) -> Option<&'static str> {
        None
    }
}

/// `packet_length`
const LENGTH_LEN: usize = 4;

/// Encrypts outbound packets in place.
pub trait Sealer: Send {
    /// The length of the encrypted part has to be a multiple of this; at least 8 (RFC 4253 section 6).
    fn block_len(&self) -> usize;

    /// Bytes of MAC or authentication tag after the encrypted part.
    fn tag_len(&self) -> usize;

    /// Whether the 4 length bytes count towards the multiple of `block_len`.
    fn length_counts(&self) -> bool;

    /// Encrypts a whole packet in place: the plain packet is complete, its `tag_len` last bytes are
    /// room for the tag.
    fn seal(&mut self, sequence: u32, packet: &mut [u8]) -> Result<(), CryptoError>;

    /// As [`Sealer::seal`], but `data` belongs into the packet from `at` on and need not be there yet: an
    /// implementation may encrypt it on the way.
    fn seal_from(
        &mut self,
        sequence: u32,
        packet: &mut [u8],
        at: usize,
        data: &[u8],
    ) -> Result<(), CryptoError> {
        let end = at.saturating_add(data.len());
        packet.get_mut(at..end).ok_or(CryptoError::Failed)?.copy_from_slice(data);
        self.seal(sequence, packet)
    }

    /// Encrypts packets that follow each other, each as [`Sealer::seal_from`]; `sequence` is that of the
    /// first. An implementation may do so at less cost than one by one.
    fn seal_run(&mut self, sequence: u32, run: &mut [Loose<'_>]) -> Result<(), CryptoError> {
        let mut sequence = sequence;
        for Loose { packet, at, data } in run {
            self.seal_from(sequence, packet, *at, data)?;
            sequence = sequence.wrapping_add(1);
        }
        Ok(())
    }

    /// The folder of `crypto/` if it runs on our own code for vector instructions.
    fn vector_code(&self) -> Option<&'static str> {
        None
    }
}

/// A plain packet whose data is in other memory.
pub struct Loose<'p> {
    /// The packet, with room for its tag.
    pub packet: &'p mut [u8],
    /// Where in it `data` belongs.
    pub at: usize,
    /// The data, which need not be in the packet yet.
    pub data: &'p [u8],
}

impl std::fmt::Debug for Loose<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loose").field("at", &self.at).finish_non_exhaustive()
    }
}

/// Builds an [`Opener`] from key and initial IV.
pub type NewOpener = fn(&[u8], &[u8]) -> Result<Box<dyn Opener>, CryptoError>;
/// Builds a [`Sealer`] from key and initial IV.
pub type NewSealer = fn(&[u8], &[u8]) -> Result<Box<dyn Sealer>, CryptoError>;
/// Builds a [`Keystream`] from key and initial IV.
pub type NewKeystream = fn(&[u8], &[u8]) -> Result<Box<dyn Keystream>, CryptoError>;

/// How a cipher protects a packet.
#[derive(Clone, Copy)]
pub enum Mode {
    /// Encrypts and authenticates; no MAC is negotiated.
    Aead {
        /// From key and initial IV.
        opener: NewOpener,
        /// From key and initial IV.
        sealer: NewSealer,
    },
    /// Only encrypts; composed with the negotiated MAC.
    WithMac {
        /// From key and initial IV.
        decryptor: NewKeystream,
        /// From key and initial IV.
        encryptor: NewKeystream,
        /// [`Opener::guards_length`], unless the length is in clear.
        guards_length: bool,
    },
}

/// A cipher whose state continues from packet to packet.
pub trait Keystream: Send {
    /// Encrypts or decrypts `data`, whole blocks, in place.
    fn apply(&mut self, data: &mut [u8]) -> Result<(), CryptoError>;

    /// The same from `data` to `out`, which has to have the same length.
    fn apply_from(&mut self, data: &[u8], out: &mut [u8]) -> Result<(), CryptoError> {
        if data.len() != out.len() {
            return Err(CryptoError::Failed);
        }
        out.copy_from_slice(data);
        self.apply(out)
    }

    /// The folder of `crypto/` if it runs on our own code for vector instructions.
    fn vector_code(&self) -> Option<&'static str> {
        None
    }
}

/// One row of the registry.
#[derive(Clone, Copy)]
pub struct CipherAlgorithm {
    /// The name on the wire.
    pub name: &'static str,
    /// Key length in bytes.
    pub key_len: usize,
    /// Initial IV length in bytes.
    pub iv_len: usize,
    /// Cipher block length in bytes; at least 8.
    pub block_len: usize,
    /// Whether it belongs into an offer.
    pub security: Security,
    /// Bytes after which keys have to be replaced, whatever the settings say.
    pub rekey_after_bytes: u64,
    /// Whether the Terrapin attack applies to it without strict kex, whatever the MAC.
    pub terrapin: bool,
    /// Whether the Terrapin attack applies to it together with an encrypt-then-MAC algorithm.
    pub terrapin_with_etm: bool,
    /// How it protects a packet.
    pub mode: Mode,
}

impl std::fmt::Debug for CipherAlgorithm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// The registry, in the order of the documented default list.
pub static CIPHERS: &[&CipherAlgorithm] = &[
    &aes_ctr::AES256_CTR,
    &aes_ctr::AES192_CTR,
    &aes_ctr::AES128_CTR,
    &aes_cbc::AES256_CBC,
    &aes_cbc::AES192_CBC,
    &aes_cbc::AES128_CBC,
    &triple_des::TRIPLE_DES_CTR,
    &triple_des::TRIPLE_DES_CBC,
    &blowfish::BLOWFISH_CBC,
    &arcfour::ARCFOUR256,
    &arcfour::ARCFOUR128,
    &arcfour::ARCFOUR,
    &cast128::CAST128_CBC,
    &aes_gcm::AES256_GCM,
    &aes_gcm::AES128_GCM,
    &chacha20_poly1305::CHACHA20_POLY1305,
];

/// Looks a cipher up by its name.
pub fn by_name(name: &str) -> Option<&'static CipherAlgorithm> {
    CIPHERS.iter().copied().find(|row| row.name == name)
}

impl CipherAlgorithm {
    /// Whether a MAC has to be negotiated next to it.
    pub fn needs_mac(&self) -> bool {
        matches!(self.mode, Mode::WithMac { .. })
    }

    /// Whether the Terrapin attack (CVE-2023-48795) applies to it with this MAC when the peer does
    /// not offer strict key exchange.
    pub fn terrapin_affected(&self, mac: Option<&MacAlgorithm>) -> bool {
        self.terrapin || (self.terrapin_with_etm && mac.is_some_and(|mac| mac.encrypt_then_mac))
    }

    /// Builds the inbound side. `mac` and `mac_key` are used only when [`Self::needs_mac`].
    pub fn opener(
        &self,
        key: &[u8],
        iv: &[u8],
        mac: Option<&MacAlgorithm>,
        mac_key: &[u8],
    ) -> Result<Box<dyn Opener>, CryptoError> {
        match self.mode {
            Mode::Aead { opener, .. } => opener(key, iv),
            Mode::WithMac { decryptor, guards_length, .. } => {
                let mac = mac.ok_or(CryptoError::Failed)?;
                let cipher = decryptor(key, iv)?;
                with_mac::opener(cipher, self.block_len, guards_length, mac, mac_key)
            }
        }
    }

    /// Builds the outbound side. `mac` and `mac_key` are used only when [`Self::needs_mac`].
    pub fn sealer(
        &self,
        key: &[u8],
        iv: &[u8],
        mac: Option<&MacAlgorithm>,
        mac_key: &[u8],
    ) -> Result<Box<dyn Sealer>, CryptoError> {
        match self.mode {
            Mode::Aead { sealer, .. } => sealer(key, iv),
            Mode::WithMac { encryptor, .. } => {
                let mac = mac.ok_or(CryptoError::Failed)?;
                with_mac::sealer(encryptor(key, iv)?, self.block_len, mac, mac_key)
            }
        }
    }
}

/// RFC 4344 section 3.2: the key of a cipher with blocks of L bits, L at least 128, is replaced before
/// 2^(L/4) blocks: 2^32 blocks of 16 bytes.
const REKEY_128_BIT_BLOCKS: u64 = 1 << 36;

/// Reads the length field of ciphers that do not encrypt it.
fn length_in_clear(prefix: &[u8]) -> Result<u32, CryptoError> {
    let length = prefix.first_chunk().ok_or(CryptoError::Failed)?;
    Ok(u32::from_be_bytes(*length))
}
