//! chacha20-poly1305@openssh.com, as OpenSSH's PROTOCOL.chacha20poly1305 defines it: two keys, one
//! for the length and one for the rest; the nonce is the sequence number, there is no other state.
//! Runs on `crypto/avx512/` or `crypto/avx2/` where the processor has that, and on AWS-LC everywhere else.

use aws_lc_rs::aead::chacha20_poly1305_openssh::{
    self as aws_lc, KEY_LEN, PACKET_LENGTH_LEN, TAG_LEN,
};

use super::{CipherAlgorithm, Mode, Opener, Sealer};
use crate::crypto::Security;
#[cfg(vector_code)]
use crate::crypto::{avx2, avx512, vector_code::VectorCode};
use crate::error::CryptoError;

/// The registry row.
pub(super) static CHACHA20_POLY1305: CipherAlgorithm = CipherAlgorithm {
    name: "chacha20-poly1305@openssh.com",
    key_len: KEY_LEN,
    iv_len: 0,
    block_len: BLOCK_LEN,
    security: Security::Modern,
    // a nonce does not repeat before 2^32 packets, and keys are replaced after 2^31
    rekey_after_bytes: u64::MAX,
    terrapin: true,
    terrapin_with_etm: false,
    mode: Mode::Aead {
        opener: |key, _iv| Ok(opener(key.try_into().map_err(|_| CryptoError::Failed)?)),
        sealer: |key, _iv| Ok(sealer(key.try_into().map_err(|_| CryptoError::Failed)?)),
    },
};

fn opener(key: &[u8; KEY_LEN]) -> Box<dyn Opener> {
    #[cfg(vector_code)]
    if let Some(may) = VectorCode::allowed() {
        if let Some(key) = avx512::OpeningKey::new(may, key) {
            return Box::new(ChachaOpener(key));
        }
        if let Some(keys) = avx2::Keys::new(may, key) {
            return Box::new(ChachaOpener(keys));
        }
    }
    Box::new(ChachaOpener(aws_lc::OpeningKey::new(key)))
}

fn sealer(key: &[u8; KEY_LEN]) -> Box<dyn Sealer> {
    #[cfg(vector_code)]
    if let Some(may) = VectorCode::allowed() {
        if let Some(key) = avx512::SealingKey::new(may, key) {
            return Box::new(ChachaSealer(key));
        }
        if let Some(keys) = avx2::Keys::new(may, key) {
            return Box::new(ChachaSealer(keys));
        }
    }
    Box::new(ChachaSealer(aws_lc::SealingKey::new(key)))
}

/// The inbound interface of the implementations: a packet starts with its length, and its tag is separate.
trait OpenPackets: Send {
    /// [`Sealer::vector_code`]
    fn vector_code(&self) -> Option<&'static str> {
        None
    }

    fn length(&mut self, sequence: u32, encrypted: [u8; PACKET_LENGTH_LEN]) -> u32;

    /// Compares the tag in constant time, and before anything is decrypted.
    fn open(
        &mut self,
        sequence: u32,
        packet: &mut [u8],
        tag: &[u8; TAG_LEN],
    ) -> Result<(), CryptoError>;
}

trait SealPackets: Send {
    /// [`Sealer::vector_code`]
    fn vector_code(&self) -> Option<&'static str> {
        None
    }

    fn seal(&mut self, sequence: u32, packet: &mut [u8], tag: &mut [u8; TAG_LEN]);

    /// The same with `data`, which belongs into `packet` from `at` on, behind the length, and need not be
    /// there yet.
    fn seal_from(
        &mut self,
        sequence: u32,
        packet: &mut [u8],
        at: usize,
        data: &[u8],
        tag: &mut [u8; TAG_LEN],
    ) -> Result<(), CryptoError> {
        let place = at.checked_add(data.len()).and_then(|end| packet.get_mut(at..end));
        place.ok_or(CryptoError::Failed)?.copy_from_slice(data);
        self.seal(sequence, packet, tag);
        Ok(())
    }
}

impl OpenPackets for aws_lc::OpeningKey {
    fn length(&mut self, sequence: u32, encrypted: [u8; PACKET_LENGTH_LEN]) -> u32 {
        u32::from_be_bytes(self.decrypt_packet_length(sequence, encrypted))
    }

    fn open(
        &mut self,
        sequence: u32,
        packet: &mut [u8],
        tag: &[u8; TAG_LEN],
    ) -> Result<(), CryptoError> {
        self.open_in_place(sequence, packet, tag).map_err(|_| CryptoError::BadMac)?;
        Ok(())
    }
}

impl SealPackets for aws_lc::SealingKey {
    fn seal(&mut self, sequence: u32, packet: &mut [u8], tag: &mut [u8; TAG_LEN]) {
        self.seal_in_place(sequence, packet, tag);
    }
}

#[cfg(vector_code)]
impl OpenPackets for avx512::OpeningKey {
    fn vector_code(&self) -> Option<&'static str> {
        Some("avx512")
    }

    fn length(&mut self, sequence: u32, encrypted: [u8; PACKET_LENGTH_LEN]) -> u32 {
        u32::from_be_bytes(self.decrypt_packet_length(sequence, encrypted))
    }

    fn open(
        &mut self,
        sequence: u32,
        packet: &mut [u8],
        tag: &[u8; TAG_LEN],
    ) -> Result<(), CryptoError> {
        self.open_in_place(sequence, packet, tag)
    }
}

#[cfg(vector_code)]
impl SealPackets for avx512::SealingKey {
    fn vector_code(&self) -> Option<&'static str> {
        Some("avx512")
    }

    fn seal(&mut self, sequence: u32, packet: &mut [u8], tag: &mut [u8; TAG_LEN]) {
        self.seal_in_place(sequence, packet, tag);
    }
}

#[cfg(vector_code)]
impl OpenPackets for avx2::Keys {
    fn vector_code(&self) -> Option<&'static str> {
        Some("avx2")
    }

    fn length(&mut self, sequence: u32, encrypted: [u8; PACKET_LENGTH_LEN]) -> u32 {
        u32::from_be_bytes(self.decrypt_packet_length(sequence, encrypted))
    }

    fn open(
        &mut self,
        sequence: u32,
        packet: &mut [u8],
        tag: &[u8; TAG_LEN],
    ) -> Result<(), CryptoError> {
        self.open_in_place(sequence, packet, tag)
    }
}

#[cfg(vector_code)]
impl SealPackets for avx2::Keys {
    fn vector_code(&self) -> Option<&'static str> {
        Some("avx2")
    }

    fn seal(&mut self, sequence: u32, packet: &mut [u8], tag: &mut [u8; TAG_LEN]) {
        self.seal_in_place(sequence, packet, tag);
    }

    fn seal_from(
        &mut self,
        sequence: u32,
        packet: &mut [u8],
        at: usize,
        data: &[u8],
        tag: &mut [u8; TAG_LEN],
    ) -> Result<(), CryptoError> {
        avx2::Keys::seal_from(self, sequence, packet, at, data, tag)
    }
}

struct ChachaOpener<K>(K);

impl<K: OpenPackets> Opener for ChachaOpener<K> {
    fn vector_code(&self) -> Option<&'static str> {
        self.0.vector_code()
    }

    fn block_len(&self) -> usize {
        BLOCK_LEN
    }

    fn tag_len(&self) -> usize {
        TAG_LEN
    }

    fn prefix_len(&self) -> usize {
        PACKET_LENGTH_LEN
    }

    fn length_counts(&self) -> bool {
        false
    }

    fn packet_length(&mut self, sequence: u32, prefix: &mut [u8]) -> Result<u32, CryptoError> {
        // the prefix stays encrypted: the tag is over the encrypted length
        let encrypted = prefix.first_chunk().ok_or(CryptoError::Failed)?;
        Ok(self.0.length(sequence, *encrypted))
    }

    fn open(&mut self, sequence: u32, packet: &mut [u8]) -> Result<(), CryptoError> {
        let (sealed, tag) = packet.split_last_chunk_mut().ok_or(CryptoError::Failed)?;
        if sealed.len() < PACKET_LENGTH_LEN {
            return Err(CryptoError::Failed);
        }
        self.0.open(sequence, sealed, tag)
    }
}

struct ChachaSealer<K>(K);

impl<K: SealPackets> Sealer for ChachaSealer<K> {
    fn vector_code(&self) -> Option<&'static str> {
        self.0.vector_code()
    }

    fn block_len(&self) -> usize {
        BLOCK_LEN
    }

    fn tag_len(&self) -> usize {
        TAG_LEN
    }

    fn length_counts(&self) -> bool {
        false
    }

    fn seal(&mut self, sequence: u32, packet: &mut [u8]) -> Result<(), CryptoError> {
        let (plain, tag) = packet.split_last_chunk_mut().ok_or(CryptoError::Failed)?;
        if plain.len() < PACKET_LENGTH_LEN {
            return Err(CryptoError::Failed);
        }
        self.0.seal(sequence, plain, tag);
        Ok(())
    }

    fn seal_from(
        &mut self,
        sequence: u32,
        packet: &mut [u8],
        at: usize,
        data: &[u8],
    ) -> Result<(), CryptoError> {
        let (plain, tag) = packet.split_last_chunk_mut().ok_or(CryptoError::Failed)?;
        if at < PACKET_LENGTH_LEN {
            return Err(CryptoError::Failed);
        }
        self.0.seal_from(sequence, plain, at, data, tag)
    }
}

/// ChaCha20 is a stream cipher: packets are padded to the least RFC 4253 section 6 allows.
const BLOCK_LEN: usize = 8;

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::crypto::cipher::tests::{hex, sample_packet, seals_and_opens, seals_to};
    use crate::crypto::tests::Numbers;

    /// The test vector of draft-ietf-sshm-chacha20-poly1305: sequence number 7.
    fn known_answer_of_the_draft() {
        let key = hex("8bbff6855fc102338c373e73aac0c914f076a905b2444a32eecaffeae22becc5\
             e9b7a7a5825a8249346ec1c28301cf394543fc7569887d76e168f37562ac0740");
        let plain = hex("00000048065e00000000000000384c6f72656d20697073756d20646f6c6f7220\
             73697420616d65742c20636f6e7365637465747572206164697069736963696e\
             6720656c69744e43e804dc6c");
        let sealed = "2c3ecce4a5bc05895bf07a7ba956b6c68829ac7c83b780b7000ecde745afc705\
                      bbc378ce03a280236b87b53bed5839662302b164b6286a48cd1e097138e3cb90\
                      9b8b2b829dd18d2a35ff82d995349e855bf02c298ef775f2d1a7e8b8";
        seals_to(&CHACHA20_POLY1305, &key, &[], 7, &plain, &[sealed]);
    }

    /// The ends of the range of sequence numbers; computed with OpenSSL 3 from the construction of
    /// PROTOCOL.chacha20poly1305.
    const FIRST: &str = "94450e79128ae99a064d0d7ab8caf7ca04e8e58c531a585e4a065b5cecf8fc122a35755ce7c9\
        707a767a520b24da4469e3262efc";
    const LAST_BUT_ONE: &str = "69a614e83d48f737758f27904956ef45d5b29ca43eba3386fafa8f51e846366289007bb4e4eb\
        d992a6618e72c9f699941b46d553";

    pub(in crate::crypto::cipher) fn known_answers() -> Vec<&'static str> {
        let key: Vec<u8> = (0..64).collect();
        let last_but_one = u32::MAX - 1;
        seals_to(&CHACHA20_POLY1305, &key, &[], 0, &sample_packet(), &[FIRST]);
        seals_to(&CHACHA20_POLY1305, &key, &[], last_but_one, &sample_packet(), &[LAST_BUT_ONE]);
        known_answer_of_the_draft();
        vec![CHACHA20_POLY1305.name]
    }

    #[test]
    fn keys_of_other_lengths_and_short_packets_are_refused() {
        assert!(CHACHA20_POLY1305.opener(&[0; 32], &[], None, &[]).is_err());
        let mut opener = CHACHA20_POLY1305.opener(&[0; 64], &[], None, &[]).unwrap();
        for len in 0..20 {
            assert!(opener.open(0, &mut vec![0; len]).is_err(), "{len}");
        }
    }

    /// The implementation for processors without AVX-512, which the registry does not choose everywhere.
    #[test]
    fn aws_lc_has_the_same_answers() {
        let key = std::array::from_fn(|i| u8::try_from(i).unwrap());
        for (sequence, sealed) in [(0, FIRST), (u32::MAX - 1, LAST_BUT_ONE)] {
            let sealer = Box::new(ChachaSealer(aws_lc::SealingKey::new(&key)));
            let opener = Box::new(ChachaOpener(aws_lc::OpeningKey::new(&key)));
            seals_and_opens(sealer, opener, sequence, &sample_packet(), &[sealed]);
            let mut opener = ChachaOpener(aws_lc::OpeningKey::new(&key));
            let mut packet = hex(sealed);
            packet[20] ^= 1;
            assert_eq!(opener.open(sequence, &mut packet), Err(CryptoError::BadMac));
        }
    }

    fn sequence(random: &mut Numbers) -> u32 {
        let ends = [0, 1, u32::MAX - 1, u32::MAX];
        let other = u32::from_le_bytes(*random.next().to_le_bytes().first_chunk().unwrap());
        ends.get(random.below(8)).copied().unwrap_or(other)
    }

    /// Runs a test with AWS-LC, and with our own code for this processor.
    fn each(key: &[u8; KEY_LEN], mut test: impl FnMut(&mut dyn SealPackets, &mut dyn OpenPackets)) {
        test(&mut aws_lc::SealingKey::new(key), &mut aws_lc::OpeningKey::new(key));
        #[cfg(vector_code)]
        {
            let may = VectorCode::under_test();
            if let (Some(mut sealer), Some(mut opener)) =
                (avx512::SealingKey::new(may, key), avx512::OpeningKey::new(may, key))
            {
                test(&mut sealer, &mut opener);
            }
            if let (Some(mut sealer), Some(mut opener)) =
                (avx2::Keys::new(may, key), avx2::Keys::new(may, key))
            {
                test(&mut sealer, &mut opener);
            }
        }
    }

    /// Each implementation seals as AWS-LC does, and opens packets that AWS-LC has sealed, but no others.
    /// `draw` chooses the bit that is flipped, and the data that is separate.
    fn agrees(key: &[u8; KEY_LEN], sequence: u32, plain: &[u8], draw: usize) {
        let (len, mut expected, mut expected_tag) = (plain.len(), plain.to_vec(), [0; TAG_LEN]);
        aws_lc::SealingKey::new(key).seal_in_place(sequence, &mut expected, &mut expected_tag);
        each(key, |sealer, opener| {
            let (mut sealed, mut tag) = (plain.to_vec(), [0; TAG_LEN]);
            sealer.seal(sequence, &mut sealed, &mut tag);
            assert!(sealed == expected && tag == expected_tag, "{len} {sequence}");

            let (mut sealed, mut tag) = (plain.to_vec(), [0; TAG_LEN]);
            let at = 4 + draw % (len - 3).min(200);
            let end = len - draw / 200 % (len - at + 1).min(200);
            sealed[at..end].fill(0xaa);
            sealer.seal_from(sequence, &mut sealed, at, &plain[at..end], &mut tag).unwrap();
            assert!(sealed == expected && tag == expected_tag, "{len} {sequence} {at} {end}");

            // a bit of the packet or of its tag
            let (mut bad, mut bad_tag) = (sealed.clone(), tag);
            let byte = draw / 8 % (len + TAG_LEN);
            let wrong = bad.get_mut(byte).unwrap_or_else(|| &mut bad_tag[byte - len]);
            *wrong ^= 1 << (draw % 8);
            let refused = bad.clone();
            let result = opener.open(sequence, &mut bad, &bad_tag);
            assert_eq!(result, Err(CryptoError::BadMac), "{len} {sequence} {draw}");
            assert!(bad == refused, "decrypted without a right tag: {len}");

            let length = opener.length(sequence, *sealed.first_chunk().unwrap());
            assert_eq!(length.to_be_bytes(), plain[..4]);
            assert_eq!(opener.open(sequence, &mut sealed, &tag), Ok(()));
            assert!(sealed[..4] == expected[..4] && sealed[4..] == plain[4..], "{len} {sequence}");
        });
    }

    #[test]
    fn packets_of_every_length_are_those_of_aws_lc() {
        let mut random = Numbers(0x6368_6163);
        for len in 4..=2104 {
            let (key, sequence) = (random.array(), sequence(&mut random));
            let draw = random.below(1 << 20);
            agrees(&key, sequence, &random.bytes(len), draw);
        }
        for len in 4..=1200 {
            agrees(&[0xff; KEY_LEN], u32::MAX, &vec![0xff; len], 8 * len);
        }
        for len in [4096, 8191, 32_768, 32_804, 35_000, 65_536, 262_143, 262_144, 262_148] {
            for sequence in [0, sequence(&mut random), u32::MAX] {
                agrees(&random.array(), sequence, &random.bytes(len), random.below(1 << 20));
            }
        }
    }

    /// The random choices are the same in every run, and decide everything about a packet.
    #[test]
    fn random_packets_are_those_of_aws_lc() {
        let mut random = Numbers(0x3230_3236);
        for _ in 0..1500 {
            let len = 4 + random.below(3000);
            let plain = match random.below(4) {
                0 => vec![0; len],
                1 => vec![0xff; len],
                _ => random.bytes(len),
            };
            agrees(&random.array(), sequence(&mut random), &plain, random.below(1 << 20));
        }
    }

    #[test]
    fn data_on_the_length_or_on_the_tag_is_refused() {
        for (at, len) in [(3, 4), (4, 33), (36, 1), (37, 1), (usize::MAX, 1)] {
            let mut sealer = CHACHA20_POLY1305.sealer(&[7; KEY_LEN], &[], None, &[]).unwrap();
            let mut packet = [vec![0; 36], vec![0; TAG_LEN]].concat();
            let result = sealer.seal_from(0, &mut packet, at, &vec![0; len]);
            assert_eq!(result, Err(CryptoError::Failed), "{at} {len}");
        }
    }
}
