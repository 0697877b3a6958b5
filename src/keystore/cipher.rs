//! The ciphers that protect private keys in files, for decryption in place. The callers check padding and
//! plausibility: only the authenticated ciphers can detect a wrong key.

use aes::{Aes128, Aes192, Aes256};
use aws_lc_rs::aead::{self, chacha20_poly1305_openssh};
use aws_lc_rs::cipher::{
    AES_128, AES_192, AES_256, DecryptingKey, DecryptionContext, UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;
use cbc::cipher::block_padding::NoPadding;
use cbc::cipher::{
    BlockCipherDecrypt, BlockModeDecrypt, InnerIvInit, KeyInit, KeyIvInit, StreamCipher,
};
use ccm::Ccm;
use ccm::aead::AeadInOut;
use ccm::consts::{U8, U12, U16};
use zeroize::Zeroizing;

/// Decryption has failed: a wrong key, a wrong length, or damaged data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Undecryptable;

/// How a cipher works on the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    AesCtr,
    AesCbc,
    AesGcm,
    /// chacha20-poly1305@openssh.com, as OpenSSH applies it to key files: no separate length.
    ChaCha20Poly1305,
    TripleDesCbc,
    /// Triple DES with two keys; the first is used again as the third.
    TwoKeyTripleDesCbc,
    DesCbc,
    /// RFC 2268, with the effective length of the key in bits.
    Rc2Cbc(usize),
    Rc4,
    BlowfishCbc,
    Cast5Cbc,
    CamelliaCbc,
    AriaCbc,
    /// RFC 3610 with nonces of 12 bytes.
    AesCcm,
}

/// A cipher with its lengths in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cipher {
    pub(super) mode: Mode,
    pub(super) key_len: usize,
    pub(super) iv_len: usize,
    pub(super) block_len: usize,
    /// 0 if it is not authenticated.
    pub(super) tag_len: usize,
}

impl Cipher {
    pub(super) const fn aes_ctr(key_len: usize) -> Self {
        Self::unauthenticated(Mode::AesCtr, key_len, 16)
    }

    pub(super) const fn aes_cbc(key_len: usize) -> Self {
        Self::unauthenticated(Mode::AesCbc, key_len, 16)
    }

    pub(super) const fn triple_des_cbc() -> Self {
        Self::unauthenticated(Mode::TripleDesCbc, 24, 8)
    }

    pub(super) const fn aes_gcm(key_len: usize) -> Self {
        Self { mode: Mode::AesGcm, key_len, iv_len: 12, block_len: 16, tag_len: 16 }
    }

    pub(super) const fn chacha20_poly1305() -> Self {
        Self {
            mode: Mode::ChaCha20Poly1305,
            key_len: chacha20_poly1305_openssh::KEY_LEN,
            iv_len: 0,
            block_len: 8,
            tag_len: 16,
        }
    }

    pub(super) const fn aes_ccm(key_len: usize, tag_len: usize) -> Self {
        Self { mode: Mode::AesCcm, key_len, iv_len: 12, block_len: 1, tag_len }
    }

    pub(super) const fn two_key_triple_des_cbc() -> Self {
        Self::unauthenticated(Mode::TwoKeyTripleDesCbc, 16, 8)
    }

    pub(super) const fn des_cbc() -> Self {
        Self::unauthenticated(Mode::DesCbc, 8, 8)
    }

    pub(super) const fn rc2_cbc(key_len: usize, effective_bits: usize) -> Self {
        Self::unauthenticated(Mode::Rc2Cbc(effective_bits), key_len, 8)
    }

    pub(super) const fn rc4(key_len: usize) -> Self {
        Self { mode: Mode::Rc4, key_len, iv_len: 0, block_len: 1, tag_len: 0 }
    }

    pub(super) const fn blowfish_cbc(key_len: usize) -> Self {
        Self::unauthenticated(Mode::BlowfishCbc, key_len, 8)
    }

    pub(super) const fn cast5_cbc(key_len: usize) -> Self {
        Self::unauthenticated(Mode::Cast5Cbc, key_len, 8)
    }

    pub(super) const fn camellia_cbc(key_len: usize) -> Self {
        Self::unauthenticated(Mode::CamelliaCbc, key_len, 16)
    }

    pub(super) const fn aria_cbc(key_len: usize) -> Self {
        Self::unauthenticated(Mode::AriaCbc, key_len, 16)
    }

    const fn unauthenticated(mode: Mode, key_len: usize, block_len: usize) -> Self {
        Self { mode, key_len, iv_len: block_len, block_len, tag_len: 0 }
    }

    /// Decrypts `data` in place. `tag` is empty for ciphers without one.
    pub(super) fn decrypt(
        &self,
        key: &[u8],
        iv: &[u8],
        data: &mut [u8],
        tag: &[u8],
    ) -> Result<(), Undecryptable> {
        if data.len().checked_rem(self.block_len) != Some(0) || tag.len() != self.tag_len {
            return Err(Undecryptable);
        }
        match self.mode {
            Mode::AesCtr => aes(key, iv, data, DecryptingKey::ctr),
            Mode::AesCbc => aes(key, iv, data, DecryptingKey::cbc),
            Mode::AesGcm => aes_gcm(key, iv, data, tag),
            Mode::ChaCha20Poly1305 => chacha20_poly1305(key, data, tag),
            Mode::TripleDesCbc => cbc_mode::<des::TdesEde3>(key, iv, data),
            Mode::TwoKeyTripleDesCbc => cbc_mode::<des::TdesEde2>(key, iv, data),
            Mode::DesCbc => cbc_mode::<des::Des>(key, iv, data),
            Mode::BlowfishCbc => cbc_mode::<blowfish::Blowfish>(key, iv, data),
            Mode::Cast5Cbc => cbc_mode::<cast5::Cast5>(key, iv, data),
            Mode::Rc2Cbc(bits) => rc2_cbc(key, bits, iv, data),
            Mode::Rc4 => rc4(key, data),
            Mode::CamelliaCbc => match key.len() {
                16 => cbc_mode::<camellia::Camellia128>(key, iv, data),
                24 => cbc_mode::<camellia::Camellia192>(key, iv, data),
                _ => cbc_mode::<camellia::Camellia256>(key, iv, data),
            },
            Mode::AriaCbc => match key.len() {
                16 => cbc_mode::<aria::Aria128>(key, iv, data),
                24 => cbc_mode::<aria::Aria192>(key, iv, data),
                _ => cbc_mode::<aria::Aria256>(key, iv, data),
            },
            Mode::AesCcm => match (key.len(), tag.len()) {
                (16, 8) => aes_ccm::<Ccm<Aes128, U8, U12>>(key, iv, data, tag),
                (24, 8) => aes_ccm::<Ccm<Aes192, U8, U12>>(key, iv, data, tag),
                (32, 8) => aes_ccm::<Ccm<Aes256, U8, U12>>(key, iv, data, tag),
                (16, 16) => aes_ccm::<Ccm<Aes128, U16, U12>>(key, iv, data, tag),
                (24, 16) => aes_ccm::<Ccm<Aes192, U16, U12>>(key, iv, data, tag),
                (32, 16) => aes_ccm::<Ccm<Aes256, U16, U12>>(key, iv, data, tag),
                _ => Err(Undecryptable),
            },
        }
    }
}

/// Takes the padding of a block cipher off (RFC 5652 section 6.3).
pub(super) fn remove_padding(plain: &mut Vec<u8>, block_len: usize) -> Result<(), Undecryptable> {
    let count = plain.last().copied().unwrap_or_default();
    let len = plain.len().checked_sub(usize::from(count));
    let padding = len.and_then(|len| plain.get(len..));
    match (len, padding) {
        (Some(len), Some(padding))
            if (1..=block_len).contains(&usize::from(count))
                && padding.iter().all(|&byte| byte == count) =>
        {
            plain.truncate(len);
            Ok(())
        }
        _ => Err(Undecryptable),
    }
}

fn cbc_mode<C>(key: &[u8], iv: &[u8], data: &mut [u8]) -> Result<(), Undecryptable>
where
    C: BlockCipherDecrypt + KeyInit,
{
    cbc::Decryptor::<C>::new_from_slices(key, iv)
        .map_err(|_| Undecryptable)?
        .decrypt_padded::<NoPadding>(data)
        .map_err(|_| Undecryptable)?;
    Ok(())
}

fn rc2_cbc(key: &[u8], bits: usize, iv: &[u8], data: &mut [u8]) -> Result<(), Undecryptable> {
    // RFC 2268 section 2
    if !(1..=128).contains(&key.len()) || !(1..=1024).contains(&bits) {
        return Err(Undecryptable);
    }
    let block_cipher = rc2::Rc2::new_with_eff_key_len(key, bits);
    cbc::Decryptor::inner_iv_slice_init(block_cipher, iv)
        .map_err(|_| Undecryptable)?
        .decrypt_padded::<NoPadding>(data)
        .map_err(|_| Undecryptable)?;
    Ok(())
}

fn rc4(key: &[u8], data: &mut [u8]) -> Result<(), Undecryptable> {
    let mut stream = rc4::Rc4::new_from_slice(key).map_err(|_| Undecryptable)?;
    stream.try_apply_keystream(data).map_err(|_| Undecryptable)
}

fn aes_ccm<A>(key: &[u8], nonce: &[u8], data: &mut [u8], tag: &[u8]) -> Result<(), Undecryptable>
where
    A: AeadInOut + KeyInit,
{
    let nonce = nonce.try_into().map_err(|_| Undecryptable)?;
    let tag = tag.try_into().map_err(|_| Undecryptable)?;
    A::new_from_slice(key)
        .map_err(|_| Undecryptable)?
        .decrypt_inout_detached(nonce, &[], data.into(), tag)
        .map_err(|_| Undecryptable)
}

fn aes(
    key: &[u8],
    iv: &[u8],
    data: &mut [u8],
    mode: impl FnOnce(UnboundCipherKey) -> Result<DecryptingKey, aws_lc_rs::error::Unspecified>,
) -> Result<(), Undecryptable> {
    let algorithm = match key.len() {
        16 => &AES_128,
        24 => &AES_192,
        32 => &AES_256,
        _ => return Err(Undecryptable),
    };
    let iv: [u8; 16] = iv.try_into().map_err(|_| Undecryptable)?;
    UnboundCipherKey::new(algorithm, key)
        .and_then(mode)
        .and_then(|key| {
            key.decrypt(data, DecryptionContext::Iv128(FixedLength::from(iv))).map(|_| ())
        })
        .map_err(|_| Undecryptable)
}

fn aes_gcm(key: &[u8], iv: &[u8], data: &mut [u8], tag: &[u8]) -> Result<(), Undecryptable> {
    let algorithm = match key.len() {
        16 => &aead::AES_128_GCM,
        32 => &aead::AES_256_GCM,
        _ => return Err(Undecryptable),
    };
    let key = aead::UnboundKey::new(algorithm, key).map_err(|_| Undecryptable)?;
    let nonce = aead::Nonce::try_assume_unique_for_key(iv).map_err(|_| Undecryptable)?;
    let mut sealed = Zeroizing::new(Vec::with_capacity(data.len().saturating_add(tag.len())));
    sealed.extend_from_slice(data);
    sealed.extend_from_slice(tag);
    let opened = aead::LessSafeKey::new(key)
        .open_in_place(nonce, aead::Aad::empty(), &mut sealed)
        .map_err(|_| Undecryptable)?;
    data.copy_from_slice(opened);
    Ok(())
}

/// OpenSSH encrypts a key file like the body of packet 0: ChaCha20 with the first half of the key from
/// block 1 on, and Poly1305 over all of the ciphertext. The library has that construction for packets only,
/// whose first four bytes are a length under the other half of the key. It computes the tag here, which
/// covers those bytes, too; the plaintext comes from the AEAD of RFC 8439, which for an all-zero nonce has
/// the same key stream. With a stream cipher encrypting is decrypting.
fn chacha20_poly1305(key: &[u8], data: &mut [u8], tag: &[u8]) -> Result<(), Undecryptable> {
    let key: Zeroizing<[u8; chacha20_poly1305_openssh::KEY_LEN]> =
        Zeroizing::new(key.try_into().map_err(|_| Undecryptable)?);
    let tag = tag.try_into().map_err(|_| Undecryptable)?;
    if data.len() < chacha20_poly1305_openssh::PACKET_LENGTH_LEN {
        return Err(Undecryptable);
    }
    let mut packet = Zeroizing::new(data.to_vec());
    chacha20_poly1305_openssh::OpeningKey::new(&key)
        .open_in_place(0, &mut packet, tag)
        .map_err(|_| Undecryptable)?;
    let (first_half, _) = key.split_at(32);
    let stream =
        aead::UnboundKey::new(&aead::CHACHA20_POLY1305, first_half).map_err(|_| Undecryptable)?;
    let nonce = aead::Nonce::assume_unique_for_key([0; 12]);
    // its tag is that of another construction
    let _unused_tag = aead::LessSafeKey::new(stream)
        .seal_in_place_separate_tag(nonce, aead::Aad::empty(), data)
        .map_err(|_| Undecryptable)?;
    Ok(())
}
