//! The vectors of RFC 8439; `cipher/chacha20_poly1305.rs` compares whole packets with AWS-LC. Where the processor lacks the instructions
//! there is nothing to test: each test says so and is counted as skipped by `npm test`.

use super::*;
use crate::crypto::poly1305::tests::{
    IETF, JABBERWOCKY, JABBERWOCKY_KEY, agrees_with_the_definition, of_rfc_8439, of_wycheproof,
};
use crate::crypto::tests::{Numbers, hex, or_skipped};

/// Whether the tests can run.
fn supported() -> bool {
    or_skipped(OpeningKey::new(VectorCode::under_test(), &[0; 64]).is_some(), "crypto/avx512")
}

/// Only after [`supported`].
fn apply(key: &[u8], counter: i32, nonce: &str, data: &mut [u8]) {
    let key = chacha20::Key::new(key.try_into().unwrap());
    let nonce = hex(nonce);
    let mut words = nonce.as_chunks().0.iter().map(|word| i32::from_le_bytes(*word));
    let nonce = Nonce([(); 3].map(|()| words.next().unwrap()));
    // SAFETY: the processor has the instructions, as every caller has asked.
    unsafe { chacha20::apply(&key, counter, nonce, data) }
}

/// The tags of one block at a time, of eight, and of what is chosen. Only after [`supported`].
fn tags(r: u128, s: u128, message: &[u8]) -> [u128; 3] {
    let key = || Key::new(r, s);
    // SAFETY: the processor has the instructions, as every caller has asked.
    unsafe {
        [key().tag(message), poly1305::tag_by_eight(key(), message), poly1305::tag(key(), message)]
    }
}

const SUNSCREEN: &str = "Ladies and Gentlemen of the class of '99: If I could offer you only one \
    tip for the future, sunscreen would be it.";

/// A key of zeros but for one byte.
fn key_with(at: usize, byte: u8) -> Vec<u8> {
    let mut key = vec![0; 32];
    key[at] = byte;
    key
}

/// Also as the start of a longer text, which takes the other ways through `apply`.
fn encrypts_to(key: &[u8], counter: i32, nonce: &str, plain: &[u8], cipher: &str) {
    let cipher = hex(cipher);
    assert_eq!(plain.len(), cipher.len());
    for len in [plain.len(), 512, 513, 1024, 2500] {
        let mut data = plain.to_vec();
        data.resize(len.max(plain.len()), 0);
        apply(key, counter, nonce, &mut data);
        assert_eq!(data[..plain.len()], cipher, "{nonce} {len}");
    }
}

const NONCE_0: &str = "000000000000000000000000";
const NONCE_2: &str = "000000000000000000000002";

/// RFC 8439 sections 2.3.2, 2.6.2 and A.1.
#[test]
fn chacha20_blocks_of_rfc_8439() {
    if !supported() {
        return;
    }
    let sequence: Vec<u8> = (0..32).collect();
    encrypts_to(
        &sequence,
        1,
        "000000090000004a00000000",
        &[0; 64],
        "10f1e7e4d13b5915500fdd1fa32071c4c7d1f4c733c068030422aa9ac3d46c4ed2826446079faa0914c2\
         d705d98b02a2b5129cd1de164eb9cbd083e8a2503c4e",
    );
    let (zeros, last, second) = (key_with(0, 0), key_with(31, 1), key_with(1, 0xff));
    for (key, counter, nonce, block) in [
        (
            &zeros,
            0,
            NONCE_0,
            "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7da41597c5157488d7724\
             e03fb8d84a376a43b8f41518a11cc387b669b2ee6586",
        ),
        (
            &zeros,
            1,
            NONCE_0,
            "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed29b721769ce64e43d571\
             33b074d839d531ed1f28510afb45ace10a1f4b794d6f",
        ),
        (
            &last,
            1,
            NONCE_0,
            "3aeb5224ecf849929b9d828db1ced4dd832025e8018b8160b82284f3c949aa5a8eca00bbb4a73bdad192\
             b5c42f73f2fd4e273644c8b36125a64addeb006c13a0",
        ),
        (
            &second,
            2,
            NONCE_0,
            "72d54dfbf12ec44b362692df94137f328fea8da73990265ec1bbbea1ae9af0ca13b25aa26cb4a648cb9b\
             9d1be65b2c0924a66c54d545ec1b7374f4872e99f096",
        ),
        (
            &zeros,
            0,
            NONCE_2,
            "c2c64d378cd536374ae204b9ef933fcd1a8b2288b3dfa49672ab765b54ee27c78a970e0e955c14f3a88e\
             741b97c286f75f8fc299e8148362fa198a39531bed6d",
        ),
    ] {
        encrypts_to(key, counter, nonce, &[0; 64], block);
    }
    // the one-time key of a tag: the first half of a block
    let key: Vec<u8> = (0x80..0xa0).collect();
    let tag_key = "8ad5a08b905f81cc815040274ab29471a833b637e3fd0da508dbb8e2fdd1a646";
    encrypts_to(&key, 0, "000000000001020304050607", &[0; 32], tag_key);
}

/// RFC 8439 sections 2.4.2 and A.2.
#[test]
fn chacha20_texts_of_rfc_8439() {
    if !supported() {
        return;
    }
    let sequence: Vec<u8> = (0..32).collect();
    encrypts_to(
        &sequence,
        1,
        "000000000000004a00000000",
        SUNSCREEN.as_bytes(),
        "6e2e359a2568f98041ba0728dd0d6981e97e7aec1d4360c20a27afccfd9fae0bf91b65c5524733ab8f59\
         3dabcd62b3571639d624e65152ab8f530c359f0861d807ca0dbf500d6a6156a38e088a22b65e52bc514d\
         16ccf806818ce91ab77937365af90bbf74a35be6b40b8eedf2785e42874d",
    );
    encrypts_to(
        &key_with(31, 1),
        1,
        NONCE_2,
        IETF.as_bytes(),
        "a3fbf07df3fa2fde4f376ca23e82737041605d9f4f4f57bd8cff2c1d4b7955ec2a97948bd3722915c8f3\
         d337f7d370050e9e96d647b7c39f56e031ca5eb6250d4042e02785ececfa4b4bb5e8ead0440e20b6e8db\
         09d881a7c6132f420e52795042bdfa7773d8a9051447b3291ce1411c680465552aa6c405b7764d5e87be\
         a85ad00f8449ed8f72d0d662ab052691ca66424bc86d2df80ea41f43abf937d3259dc4b2d0dfb48a6c91\
         39ddd7f76966e928e635553ba76c5c879d7b35d49eb2e62b0871cdac638939e25e8a1e0ef9d5280fa8ca\
         328b351c3c765989cbcf3daa8b6ccc3aaf9f3979c92b3720fc88dc95ed84a1be059c6499b9fda236e7e8\
         18b04b0bc39c1e876b193bfe5569753f88128cc08aaa9b63d1a16f80ef2554d7189c411f5869ca52c5b8\
         3fa36ff216b9c1d30062bebcfd2dc5bce0911934fda79a86f6e698ced759c3ff9b6477338f3da4f9cd85\
         14ea9982ccafb341b2384dd902f3d1ab7ac61dd29c6f21ba5b862f3730e37cfdc4fd806c22f221",
    );
    encrypts_to(
        &hex(JABBERWOCKY_KEY),
        42,
        NONCE_2,
        JABBERWOCKY.as_bytes(),
        "62e6347f95ed87a45ffae7426f27a1df5fb69110044c0d73118effa95b01e5cf166d3df2d721caf9b21e\
         5fb14c616871fd84c54f9d65b283196c7fe4f60553ebf39c6402c42234e32a356b3e764312a61a553205\
         5716ead6962568f87d3f3f7704c6a8d1bcd1bf4d50d6154b6da731b187b58dfd728afa36757a797ac188\
         d1",
    );
}

#[test]
fn poly1305_of_rfc_8439() {
    if supported() {
        of_rfc_8439(tags);
    }
}

#[test]
fn poly1305_of_wycheproof() {
    if supported() {
        of_wycheproof(tags);
    }
}

#[test]
fn poly1305_agrees_with_the_definition() {
    if supported() {
        agrees_with_the_definition(tags);
    }
}

/// What an opener keeps of one packet is not used for another.
#[test]
fn packets_may_be_opened_in_any_order() {
    if !supported() {
        return;
    }
    let key = Numbers(1).array();
    let sealer = SealingKey::new(VectorCode::under_test(), &key).unwrap();
    let mut opener = OpeningKey::new(VectorCode::under_test(), &key).unwrap();
    let plain = [7; 700];
    let seal = |sequence| {
        let (mut packet, mut tag) = (plain, [0; 16]);
        sealer.seal_in_place(sequence, &mut packet, &mut tag);
        (packet, tag)
    };
    for (length_of, opened) in [(0, 0), (1, 0), (0, 5), (5, 5), (5, 6), (u32::MAX, 0), (0, 0)] {
        let (packet, _) = seal(length_of);
        let length = opener.decrypt_packet_length(length_of, *packet.first_chunk().unwrap());
        assert_eq!(length, plain[..4]);
        let (mut packet, tag) = seal(opened);
        assert_eq!(opener.open_in_place(opened, &mut packet, &tag), Ok(()));
        assert_eq!(packet[4..], plain[4..]);
        assert_eq!(opener.open_in_place(opened ^ 1, &mut packet, &tag), Err(CryptoError::BadMac));
    }
}
