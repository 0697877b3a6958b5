//! Tests of the safe functions over AWS-LC, above all with invalid arguments.

use super::*;
use crate::limits::MAX_NUMBER_LEN;

#[test]
fn keys_and_ivs_of_other_lengths_are_refused() {
    for (key_len, iv_len) in [(0, 16), (15, 16), (17, 16), (16, 0), (16, 15), (32, 16)] {
        let made = CipherContext::new(
            CipherKind::Aes128Ctr,
            Direction::Encrypt,
            &vec![0; key_len],
            &vec![0; iv_len],
        );
        assert!(made.is_err(), "{key_len} {iv_len}");
    }
}

#[test]
fn the_state_moves_between_threads_and_runs_on() {
    let new = || {
        CipherContext::new(CipherKind::Aes256Ctr, Direction::Encrypt, &[1; 32], &[2; 16]).unwrap()
    };
    let mut whole = vec![3; 1000];
    new().update(&mut whole).unwrap();
    let mut context = new();
    let mut parts = vec![3; 1000];
    context.update(&mut parts[..7]).unwrap();
    context.update(&mut []).unwrap();
    let parts = std::thread::spawn(move || {
        context.update(&mut parts[7..]).unwrap();
        parts
    });
    assert_eq!(parts.join().unwrap(), whole);
}

#[test]
fn an_hmac_key_takes_only_the_room_of_its_hash() {
    assert!(HmacKey::<64>::new(HmacHash::Sha256, b"key").is_ok());
    assert!(HmacKey::<128>::new(HmacHash::Sha512, b"key").is_ok());
    assert!(HmacKey::<63>::new(HmacHash::Sha256, b"key").is_err());
    assert!(HmacKey::<128>::new(HmacHash::Sha256, b"key").is_err());
    assert!(HmacKey::<64>::new(HmacHash::Sha512, b"key").is_err());
}

/// RFC 4231, test case 6: a key longer than a block; and the safe interface as the oracle.
#[test]
fn hmac_with_keys_and_parts_of_all_lengths() {
    use aws_lc_rs::hmac;
    let data: Vec<u8> = (0..=255).collect();
    for len in (0..=200).step_by(20) {
        let key = vec![0xaa; len];
        let own = HmacKey::<128>::new(HmacHash::Sha512, &key).unwrap();
        let oracle = hmac::Key::new(hmac::HMAC_SHA512, &key);
        let (start, end) = data.split_at(len);
        // twice: signing does not change the key
        for _ in 0..2 {
            let tag = own.sign(&[start, &[], end]).unwrap();
            assert_eq!(tag.as_bytes(), hmac::sign(&oracle, &data).as_ref());
        }
    }
    let key = HmacKey::<64>::new(HmacHash::Sha256, &[0xaa; 131]).unwrap();
    let tag = key.sign(&[b"Test Using Larger Than Block-Size Key - Hash Key First"]);
    assert_eq!(tag.unwrap().as_bytes()[..4], [0x60, 0xe4, 0x31, 0x59]);
}

#[test]
fn powers_of_small_numbers() {
    let cases: [(u8, u8, u8, u8); 6] = [
        (2, 10, 101, 14),
        (3, 0, 7, 1),
        (0, 5, 7, 0),
        (100, 1, 101, 100),
        (100, 2, 101, 1),
        (2, 255, 3, 2),
    ];
    for (base, exponent, modulus, power) in cases {
        assert_eq!(*mod_exp(&[base], &[exponent], &[modulus]).unwrap(), [power]);
        let padded = mod_exp(&[0, base], &[0, 0, exponent], &[0, 0, 0, modulus]).unwrap();
        assert_eq!(*padded, [0, 0, 0, power]);
    }
}

#[test]
fn moduli_and_bases_that_are_out_of_range_are_refused() {
    let long = vec![1; MAX_NUMBER_LEN + 1];
    let cases: [(&[u8], &[u8], &[u8]); 10] = [
        (&[1], &[1], &[]),
        (&[1], &[1], &[0]),
        (&[0], &[1], &[1]),
        (&[1], &[1], &[2]),
        (&[1], &[1], &[100]),
        (&[7], &[1], &[7]),
        (&[8], &[1], &[7]),
        (&long, &[1], &[7]),
        (&[1], &long, &[7]),
        (&[1], &[1], &long),
    ];
    for (base, exponent, modulus) in cases {
        assert!(mod_exp(base, exponent, modulus).is_err());
    }
}

/// p = 61, q = 53, d = 413: dP = 53, dQ = 49, qInv = 38.
#[test]
fn the_parts_of_a_small_rsa_key() {
    let crt = rsa_crt(&[1, 157], &[61], &[53]).unwrap();
    assert_eq!((&crt.d_p[..], &crt.d_q[..]), (&[53][..], &[49][..]));
    assert_eq!(crt.q_inv[..], [38]);
    // the other way around, where q is larger than p
    assert_eq!(rsa_crt(&[1, 157], &[53], &[61]).unwrap().q_inv[..], [20]);
    for (p, q) in [(0, 53), (61, 0), (1, 53), (61, 1), (2, 53), (60, 53)] {
        assert!(rsa_crt(&[1, 157], &[p], &[q]).is_err(), "{p} {q}");
    }
}

#[test]
fn ml_kem_keys_are_checked() {
    for len in [0, 1183, 1185] {
        assert!(ml_kem_768_encapsulate(&vec![0; len], &[0; 32]).is_err());
    }
    // FIPS 203 section 7.2: coefficients are below 3329
    assert_eq!(
        ml_kem_768_encapsulate(&[0xff; 1184], &[0; 32]).err(),
        Some(CryptoError::BadPublicValue)
    );
}

#[test]
fn rsa_keys_that_are_none_are_refused() {
    use crate::crypto::hash::Hash;
    let n = [&[0xff; 127][..], &[0xfd]].concat();
    let long = [1; MAX_NUMBER_LEN + 1];
    let cases: [(&[u8], &[u8]); 8] = [
        (&[], &[3]),
        (&n, &[]),
        (&n, &[1]),
        (&n, &[2]),
        (&n, &[0xff; 5]),
        (&n[..127], &[0]),
        (&[&n[..127], &[0]].concat(), &[3]),
        (&long, &[3]),
    ];
    for (n, e) in cases {
        assert!(RsaPublicKey::new(n, e).is_err(), "{e:?}");
    }
    let key = RsaPublicKey::new(&n, &[3]).unwrap();
    for len in [0, 1, 127, 128, 129] {
        for byte in [0, 1, 0xff] {
            let signature = vec![byte; len];
            for hash in [Hash::Sha1, Hash::Sha256, Hash::Sha384, Hash::Sha512] {
                assert_eq!(key.verify(hash, b"", &signature), Err(CryptoError::BadSignature));
            }
        }
    }
}

/// Whether the library takes ownership of the numbers or not, nothing is freed twice or leaked.
#[test]
fn dsa_keys_that_are_none_neither_sign_nor_verify() {
    for x in [None, Some(&[][..]), Some(&[5])] {
        for numbers in [[23, 11, 2, 9], [0, 0, 0, 0], [24, 11, 2, 9], [23, 11, 0, 9]] {
            let [p, q, g, y] = numbers.map(|number| [number]);
            let key = DsaKey::new([&p, &q, &g, &y], x).unwrap();
            assert!(key.sign(&[1; 20]).is_err());
            assert!(key.verify(&[1; 20], &[1], &[1]).is_err());
        }
        let long = [1; MAX_NUMBER_LEN + 1];
        assert!(DsaKey::new([&long, &[11], &[2], &[9]], x).is_err());
    }
}
