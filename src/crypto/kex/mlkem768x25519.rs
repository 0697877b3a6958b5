//! mlkem768x25519-sha256 (draft-ietf-sshm-mlkem-hybrid-kex): ML-KEM-768 and X25519.

use zeroize::Zeroizing;

use super::hybrid::Hybrid;
use super::{KexAlgorithm, ServerProof};
use crate::crypto::Security;
use crate::crypto::aws_lc::{SecretBytes, ml_kem_768_encapsulate};
use crate::crypto::hash::Hash;
use crate::crypto::random::Random;
use crate::error::CryptoError;

/// The registry row.
pub(super) static MLKEM768X25519_SHA256: KexAlgorithm = KexAlgorithm {
    name: "mlkem768x25519-sha256",
    hash: Hash::Sha256,
    security: Security::Modern,
    proof: ServerProof::HostKey,
    start: || Box::new(Hybrid { kem_public_len: KEM_PUBLIC_LEN, encapsulate, hash: Hash::Sha256 }),
};

fn encapsulate(
    random: &mut dyn Random,
    public: &[u8],
) -> Result<(Vec<u8>, SecretBytes), CryptoError> {
    let mut seed = Zeroizing::new([0; 32]);
    random.fill(&mut *seed)?;
    ml_kem_768_encapsulate(public, &seed)
}

/// FIPS 203, table 3.
const KEM_PUBLIC_LEN: usize = 1184;

#[cfg(test)]
pub(super) mod tests {
    use aws_lc_rs::kem::{Ciphertext, DecapsulationKey, ML_KEM_768};

    use super::*;
    use crate::crypto::kex::tests::{
        FixedRandom, finished, generated, refused, strings, with_strings,
    };
    use crate::crypto::random::SystemRandom;
    use crate::crypto::tests::hex;

    /// The encapsulation key of the private key whose seeds d | z are the bytes 0 to 63, made with
    /// OpenSSL 4.
    const KEM_PUBLIC: &str = "\
        298aa10d423c8dda069d02bc59e6cdf03a096b8b3da4cab9b80ca4a14907672ccef1ec4faf23\
        4a0bc5b7e9d473f2b3133b3b26a1d175cb67a7805919699c02f76531b99c5f89180704bb4ca4\
        535c5b8972679c660a07c5e514b87009c862eb8f5157695efb3fc40a9def6b81c1cc02a249ae\
        4f094ad0d9bd3485c1c1c68080520a7c8c632032cee738154e5c5176c07da56024776a430fe7\
        6eacf665a3f7b832102215bc82f10939c8355704336a8fac1d81e4bb0485aa5d7c74d6b59bbe\
        5c5e972a0d8bac411b55b5d5557cd680a1a8f71b4eb86bc48c9a0509731a54bd9d7290b27963\
        e4372dc9b199cfdcac0b01acd28a62395112e4c43648d622c48c8234d01440e8cc376c927f23\
        a5afc9ac0474c662274e424525c8552ece3b3fe26516de901bc7d515bde89558e626c95c80b9\
        3342f8010004f39e6c6c94871c5e344cab3966c835f9a96a59afd31c40286b38b1c1a78470ba\
        b947518934453ce86736a919f1f5a6d510a86f5454fc3980cb5c765bd2bd5f7b36b1410d6635\
        c8ceb47c4dda0d76a28eac939c71c3024804866c71626658442163c2c22117e50acefce6378a\
        985652302a4ef0c2ce0cc716b7796e2b6b2e3777dfa1ac3da259a31b5a9b530f8cb638a81a62\
        ac301849abaf95a7301bda30068909bfdb7e67dbccbb38a5551a25b1a3a0f685748ad5753d88\
        80f0016c627486166384c5571fe2365900364d038311e2d875db366686932b5ec602430a369e\
        87a6ef5c338786657825bd4c057aceb923eb0935e6905e63b4ced7f80857a773dd64b150d266\
        12ea9ac12052db2017bf1843ccb4b3281b690dc728adfa85c00281b8e3c09287335f856b4fc2\
        892f69a2f57921ada01914c40988662d57769662a786351b9b66493dab79594d986de2100d65\
        ba0ff4ea58b81538d24a4435a258fac25404aa7f41f658b1385065e158dcb60115732720f404\
        59aaac15e406953a90ac52997d1ccd070060efc65db9e653354467fad56ec713c86e7540c423\
        acf2669f52fa6f4ac6888d871ef3e847c029a8aafbb92e17b24aa079b1f419ba6175b442afb1\
        1909d4a56b70a0335b28739218aa7c9348e2c3c2f3eb3d15a41e6417c0dd94bfeb21419b311a\
        7bb13a180bbe833218a9a6b17447cc85f225859587a73077049acbcfd44d0f025438e15d1538\
        270d586e1bf83192a9459cf63c0e972f85297679831ecf121509851cb8340f6f107b0fa1a0ef\
        d1b36a8189bc085c4f5cb784e553f41b918f80397ce1956f785bee377ca9aa8be6998ada30c2\
        6b7c3d8c6b55254cc96203b20c42aee0ac4e1ebb408e49a9e3f879d0ab0785eb7025425d1305\
        a2299c015e120d163b0e19494ce57253d0246d182745cb8197ab7438b3c1bb7972bec5a306eb\
        a3567855c014699fef65ae54c770a0d85c18400cf642aedc660777ba4b138502bd5a7812f621\
        f84a48296b98dd4322b6f15828b8a8f0e00a8ba44a53c3a8b143571b0740abd567daf1cde9c7\
        9c204b6d5e259d1766a31bbbcb4e6a05cf4502176b301c1c2f41247750157bcec85e809b30a4\
        d60d7747cdd0f5b99aa8c826987517793aaa8080a0b124a8558df72bbe37b75f4edbb6be8216\
        d6c633fb2b2280e25113d8695e43481c3eeb397eb192505229b67a201ea893c3e2cb32da8bc3\
        42fa4dea0578";

    /// The server's randomness is 0x40 to 0x5f for ML-KEM and RFC 7748's Alice for X25519, the
    /// client's X25519 key is RFC 7748's Bob. OpenSSL 4 decapsulates the ciphertext with this hash
    /// to the ML-KEM secret that went into K.
    pub(in crate::crypto::kex) fn known_answers() -> Vec<&'static str> {
        let alice = hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
        let alice_public = hex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
        let bob_public = hex("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
        let client_init = [hex(KEM_PUBLIC), bob_public].concat();
        let random = [(0x40..0x60).collect(), alice].concat();
        let init = with_strings(30, &[&client_init]);
        let outcome = finished(&MLKEM768X25519_SHA256, &mut FixedRandom::new(&random), &init);
        assert_eq!(outcome.reply_number, 31);
        let ciphertext = &outcome.server_public[4..4 + 1088];
        assert_eq!(
            Hash::Sha256.digest(&[ciphertext]),
            hex("dbf4e9aa48b078ad46ec1c9c47bda8c2d2fec9d0e7a21bd48d2238a2abedb856")
        );
        assert_eq!(outcome.server_public, strings(&[&[ciphertext, &alice_public].concat()]));
        let fields = [strings(&[&client_init]), outcome.server_public].concat();
        assert_eq!(outcome.hash_fields, fields);
        assert_eq!(
            outcome.shared_secret.expose(),
            strings(&[&hex("30686bccae981034fa642c020fd811f61f96a2bf87d8a5656523115a5129da2c")])
        );
        vec![MLKEM768X25519_SHA256.name]
    }

    #[test]
    fn a_client_gets_the_same_secret() {
        let decapsulation = DecapsulationKey::generate(&ML_KEM_768).unwrap();
        let encapsulation = decapsulation.encapsulation_key().unwrap();
        let kem_public = encapsulation.key_bytes().unwrap();
        let (client_public, agree) = generated(&aws_lc_rs::agreement::X25519);
        let client_init = [kem_public.as_ref(), &client_public].concat();
        let init = with_strings(30, &[&client_init]);
        let outcome = finished(&MLKEM768X25519_SHA256, &mut SystemRandom, &init);
        let (ciphertext, server_public) = outcome.server_public[4..].split_at(1088);
        let kem_secret = decapsulation.decapsulate(Ciphertext::from(ciphertext)).unwrap();
        let secret = Hash::Sha256.digest(&[kem_secret.as_ref(), &agree(server_public)]);
        assert_eq!(outcome.shared_secret.expose(), strings(&[&secret]));
    }

    #[test]
    fn bad_public_values_are_refused() {
        let kem_public = hex(KEM_PUBLIC);
        let mut coefficient_too_large = kem_public.clone();
        coefficient_too_large[..2].fill(0xff);
        let init = |kem: &[u8], x25519: &[u8]| with_strings(30, &[&[kem, x25519].concat()]);
        for bad in [
            init(&kem_public, &[]),
            init(&kem_public, &[9; 31]),
            init(&kem_public, &[9; 33]),
            init(&kem_public[1..], &[9; 32]),
            init(&kem_public, &[0; 32]),
            init(&coefficient_too_large, &[9; 32]),
            init(&[], &[]),
        ] {
            let error = refused(&MLKEM768X25519_SHA256, &bad);
            assert_eq!(error, CryptoError::BadPublicValue.into());
        }
    }
}
