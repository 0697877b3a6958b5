//! diffie-hellman-group-exchange-sha256 and -sha1 (RFC 4419, RFC 8270): Diffie-Hellman in a group whose
//! size the client asks for. The server picks one of that size at random, so that an attacker cannot
//! precompute for all of its sessions at once.

use super::group::{GENERATOR, Group};
use super::{KexAlgorithm, KexOutcome, KexServer, KexStep, ServerProof};
use crate::crypto::Security;
use crate::crypto::aws_lc::Rfc3526Prime;
use crate::crypto::hash::Hash;
use crate::crypto::random::Random;
use crate::error::{CryptoError, Error, InvalidMessage, PeerIncompatible, PeerMisbehaved};
use crate::wire::{Reader, Writer};

/// The registry row of diffie-hellman-group-exchange-sha256.
pub(super) static GROUP_EXCHANGE_SHA256: KexAlgorithm = KexAlgorithm {
    name: "diffie-hellman-group-exchange-sha256",
    hash: Hash::Sha256,
    security: Security::Compatible,
    proof: ServerProof::HostKey,
    start: || Box::new(GroupExchange::new(Smallest::Bits2048)),
};

/// The registry row of diffie-hellman-group-exchange-sha1. A client that uses SHA-1 may have no more than
/// 1024 bits either.
pub(super) static GROUP_EXCHANGE_SHA1: KexAlgorithm = KexAlgorithm {
    name: "diffie-hellman-group-exchange-sha1",
    hash: Hash::Sha1,
    security: Security::Compatible,
    proof: ServerProof::HostKey,
    start: || Box::new(GroupExchange::new(Smallest::Bits1024)),
};

/// The messages of RFC 4419 section 5.
const REQUEST_OLD: u8 = 30;
const GROUP: u8 = 31;
const INIT: u8 = 32;
const REPLY: u8 = 33;
const REQUEST: u8 = 34;

/// The smallest group of the method. Groups below 2048 bits (RFC 8270 section 3) are used only when the
/// client's maximum allows no others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Smallest {
    Bits1024,
    Bits2048,
}

enum GroupExchange {
    /// The client's request has to come.
    AwaitRequest(Smallest),
    /// The client's value in this group has to come.
    AwaitInit {
        group: Group,
        /// The fields of the exchange hash up to the generator.
        hash_fields: Vec<u8>,
    },
    /// The exchange is over.
    Done,
}

impl GroupExchange {
    fn new(smallest: Smallest) -> Self {
        Self::AwaitRequest(smallest)
    }

    fn handle_request(
        &mut self,
        smallest: Smallest,
        random: &mut dyn Random,
        payload: &[u8],
    ) -> Result<KexStep, Error> {
        let request = Request::read(payload)?;
        let size = request.choose(smallest).ok_or(PeerIncompatible::NoCommonGroup)?;
        let group = size.pick(random)?;
        let mut parameters = Vec::new();
        Writer::new(&mut parameters).mpint(group.prime()).mpint(&[GENERATOR]);
        // RFC 4419 section 3: the request as it came, then p and g; without min and max for the old
        let mut hash_fields = payload.get(1..).unwrap_or_default().to_vec();
        hash_fields.extend_from_slice(&parameters);
        *self = Self::AwaitInit { group, hash_fields };
        let mut reply = vec![GROUP];
        reply.extend_from_slice(&parameters);
        Ok(KexStep::Reply(reply))
    }
}

impl KexServer for GroupExchange {
    fn handle(&mut self, random: &mut dyn Random, payload: &[u8]) -> Result<KexStep, Error> {
        let number = payload.first().copied().ok_or(InvalidMessage::EmptyPayload)?;
        match (std::mem::replace(self, Self::Done), number) {
            (Self::AwaitRequest(smallest), REQUEST | REQUEST_OLD) => {
                self.handle_request(smallest, random, payload)
            }
            (Self::AwaitInit { group, mut hash_fields }, INIT) => {
                let mut init = Reader::new(payload);
                init.u8()?;
                let e = init.mpint()?;
                init.finish()?;
                let exchanged = group.exchange(random, e)?;
                let mut server_public = Vec::new();
                Writer::new(&mut server_public).mpint(&exchanged.public);
                Writer::new(&mut hash_fields).mpint(e).raw(&server_public);
                Ok(KexStep::Finished(KexOutcome {
                    hash_fields,
                    shared_secret: super::secret_mpint(&exchanged.secret),
                    reply_number: REPLY,
                    server_public,
                }))
            }
            _ => Err(PeerMisbehaved::UnexpectedMessage(number).into()),
        }
    }

    fn is_heavy(&self) -> bool {
        matches!(self, Self::AwaitInit { group, .. } if group.is_heavy())
    }

    fn chooses_group(&self) -> bool {
        true
    }
}

/// What the client asks for, in bits.
#[derive(Debug, Clone, Copy)]
struct Request {
    min: u32,
    preferred: u32,
    max: u32,
}

impl Request {
    fn read(payload: &[u8]) -> Result<Self, InvalidMessage> {
        let mut reader = Reader::new(payload);
        let request = if reader.u8()? == REQUEST {
            Self { min: reader.u32()?, preferred: reader.u32()?, max: reader.u32()? }
        } else {
            // RFC 4419 section 5: the old request has a size alone, from before 2048 bits were due
            Self { min: 0, preferred: reader.u32()?, max: u32::MAX }
        };
        reader.finish()?;
        Ok(request)
    }

    /// The smallest size that is at least the preferred one, else the largest within the bounds.
    fn choose(self, smallest: Smallest) -> Option<Size> {
        let floor = match smallest {
            Smallest::Bits1024 if self.max < Size::Bits2048.bits() => 0,
            Smallest::Bits1024 | Smallest::Bits2048 => Size::Bits2048.bits(),
        };
        let range = self.min.max(floor)..=self.max;
        let mut fitting = SIZES.iter().filter(|size| range.contains(&size.bits()));
        fitting.clone().find(|size| size.bits() >= self.preferred).or(fitting.next_back()).copied()
    }
}

/// A size of which there are groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Size {
    Bits1024,
    Bits2048,
    Bits3072,
    Bits4096,
    Bits6144,
    Bits8192,
}

static SIZES: [Size; 6] = [
    Size::Bits1024,
    Size::Bits2048,
    Size::Bits3072,
    Size::Bits4096,
    Size::Bits6144,
    Size::Bits8192,
];

impl Size {
    fn bits(self) -> u32 {
        match self {
            Self::Bits1024 => 1024,
            Self::Bits2048 => 2048,
            Self::Bits3072 => 3072,
            Self::Bits4096 => 4096,
            Self::Bits6144 => 6144,
            Self::Bits8192 => 8192,
        }
    }

    /// The well-known group of this size.
    fn well_known(self) -> Result<Group, CryptoError> {
        Group::rfc_3526(match self {
            Self::Bits1024 => return Ok(Group::rfc_2409()),
            Self::Bits2048 => Rfc3526Prime::Bits2048,
            Self::Bits3072 => Rfc3526Prime::Bits3072,
            Self::Bits4096 => Rfc3526Prime::Bits4096,
            Self::Bits6144 => Rfc3526Prime::Bits6144,
            Self::Bits8192 => Rfc3526Prime::Bits8192,
        })
    }

    /// Our own primes of this size, in hexadecimal digits.
    fn own(self) -> impl Iterator<Item = &'static str> {
        let digits = usize::try_from(self.bits() / 4).unwrap_or_default();
        OWN_PRIMES.lines().filter(move |line| !line.starts_with('#') && line.len() == digits)
    }

    /// One of the groups of this size.
    fn pick(self, random: &mut dyn Random) -> Result<Group, CryptoError> {
        let mut draw = [0; 4];
        random.fill(&mut draw)?;
        // the well-known group comes after our own; the slight bias of the choice does not matter here
        let count = u32::try_from(self.own().count()).unwrap_or_default().saturating_add(1);
        let index = u32::from_be_bytes(draw).checked_rem(count).unwrap_or_default();
        match self.own().nth(usize::try_from(index).unwrap_or_default()) {
            Some(digits) => Ok(Group::of_prime(decode(digits)?)),
            None => self.well_known(),
        }
    }
}

/// Made for this server by `scripts/safe_primes.sh`.
const OWN_PRIMES: &str = include_str!("safe_primes.txt");

fn decode(digits: &str) -> Result<Vec<u8>, CryptoError> {
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    let decoded = pairs.iter().map(|pair| {
        let pair = std::str::from_utf8(pair).map_err(|_| CryptoError::Failed)?;
        u8::from_str_radix(pair, 16).map_err(|_| CryptoError::Failed)
    });
    if rest.is_empty() { decoded.collect() } else { Err(CryptoError::Failed) }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::crypto::aws_lc::mod_exp;
    use crate::crypto::kex::group::tests::assert_safe;
    use crate::crypto::kex::tests::{FixedRandom, mpints};
    use crate::crypto::random::SystemRandom;
    use crate::crypto::tests::hex;

    const ROWS: [&KexAlgorithm; 2] = [&GROUP_EXCHANGE_SHA256, &GROUP_EXCHANGE_SHA1];

    fn request(min: u32, preferred: u32, max: u32) -> Vec<u8> {
        let mut payload = vec![REQUEST];
        Writer::new(&mut payload).u32(min).u32(preferred).u32(max);
        payload
    }

    fn init(e: &[u8]) -> Vec<u8> {
        [vec![INIT], mpints(&[e])].concat()
    }

    /// Sends a request; returns the state of the server then, and the modulus it chose.
    fn begun(row: &KexAlgorithm, request: &[u8]) -> Result<(Box<dyn KexServer>, Vec<u8>), Error> {
        let mut server = (row.start)();
        match server.handle(&mut SystemRandom, request)? {
            KexStep::Reply(reply) => {
                let mut reader = Reader::new(&reply);
                assert_eq!(reader.u8(), Ok(GROUP));
                let prime = reader.mpint().unwrap().to_vec();
                assert_eq!(reader.mpint(), Ok(&[GENERATOR][..]));
                reader.finish().unwrap();
                Ok((server, prime))
            }
            KexStep::Finished(_) => panic!("no request"),
        }
    }

    /// With the well-known group of 2048 bits, the client's exponent 3 * 2^300 + 1 and the server's
    /// the bytes 0 to 31: SHA-256 of f and of K, computed with Python's integers.
    pub(in crate::crypto::kex) fn known_answers() -> Vec<&'static str> {
        let f = hex("486acca961563cb0dd5f331fbaa04237a3e169c47dd3d06931abfb351b843245");
        let k = hex("9d9211bb1cbec4661757ed9072b2b1e80c5c4138e1f383e69e9a1be013fbc79f");
        let mut x = vec![0; 38];
        x[0] = 0x30;
        x[37] = 1;
        let p = Rfc3526Prime::Bits2048.to_bytes().unwrap();
        let e = mod_exp(&[2], &x, &p).unwrap();
        let own = u32::try_from(Size::Bits2048.own().count()).unwrap();
        let bytes = [own.to_be_bytes().to_vec(), (0..32).collect()].concat();
        let mut old = vec![REQUEST_OLD];
        Writer::new(&mut old).u32(2048);
        for row in ROWS {
            for request in [request(1024, 2048, 8192), old.clone()] {
                let (mut server, mut random) = ((row.start)(), FixedRandom::new(&bytes));
                let step = server.handle(&mut random, &request).unwrap();
                let group = mpints(&[&p, &[2]]);
                assert!(matches!(step, KexStep::Reply(reply) if reply[1..] == group));
                let Ok(KexStep::Finished(outcome)) = server.handle(&mut random, &init(&e)) else {
                    panic!("{row:?}");
                };
                assert_eq!(outcome.reply_number, 33);
                assert_eq!(Hash::Sha256.digest(&[&outcome.server_public]), f);
                assert_eq!(Hash::Sha256.digest(&[outcome.shared_secret.expose()]), k);
                let fields = [&request[1..], &group, &mpints(&[&e]), &outcome.server_public];
                assert_eq!(outcome.hash_fields, fields.concat());
            }
        }
        ROWS.map(|row| row.name).to_vec()
    }

    #[test]
    fn sizes() {
        use Smallest::{Bits1024, Bits2048};
        let cases: [(u32, u32, u32, Smallest, Option<u32>); 21] = [
            (2048, 2048, 8192, Bits2048, Some(2048)),
            (2048, 3072, 8192, Bits2048, Some(3072)),
            (2048, 2049, 8192, Bits2048, Some(3072)),
            (2048, 7680, 8192, Bits2048, Some(8192)),
            (2048, 8192, 8192, Bits2048, Some(8192)),
            (2048, 16_384, 65_536, Bits2048, Some(8192)),
            (3000, 2048, 8192, Bits2048, Some(3072)),
            (1, 1, u32::MAX, Bits2048, Some(2048)),
            (0, 0, u32::MAX, Bits1024, Some(2048)),
            (1024, 1024, 8192, Bits2048, Some(2048)),
            (1024, 1024, 8192, Bits1024, Some(2048)),
            (1024, 1024, 2048, Bits1024, Some(2048)),
            (1024, 4096, 4095, Bits1024, Some(3072)),
            // only a maximum below 2048 bits leads to this size, and not with every method
            (1024, 1024, 1024, Bits2048, None),
            (1024, 1024, 2047, Bits1024, Some(1024)),
            (1025, 1100, 1100, Bits1024, None),
            (512, 768, 1023, Bits1024, None),
            (8193, 8193, 16_384, Bits2048, None),
            (2049, 2049, 3071, Bits2048, None),
            // contradictory bounds
            (8192, 4096, 2048, Bits1024, None),
            (u32::MAX, u32::MAX, u32::MAX, Bits2048, None),
        ];
        for (min, preferred, max, smallest, bits) in cases {
            let request = Request { min, preferred, max };
            let chosen = request.choose(smallest).map(Size::bits);
            assert_eq!(chosen, bits, "{request:?} {smallest:?}");
        }
    }

    #[test]
    fn both_rows_have_their_smallest_size() {
        let none = Some(Error::from(PeerIncompatible::NoCommonGroup));
        let small = request(1024, 1024, 1024);
        assert_eq!(begun(&GROUP_EXCHANGE_SHA256, &small).err(), none);
        assert_eq!(begun(&GROUP_EXCHANGE_SHA1, &small).unwrap().1.len(), 128);
    }

    /// RFC 4419 section 5: no bounds, so it cannot ask for less.
    #[test]
    fn an_old_request_has_only_a_size() {
        for (asked, len) in [(1024, 256), (3000, 384), (8192, 1024), (16_384, 1024)] {
            let mut old = vec![REQUEST_OLD];
            Writer::new(&mut old).u32(asked);
            for row in ROWS {
                assert_eq!(begun(row, &old).unwrap().1.len(), len);
            }
        }
    }

    #[test]
    fn a_client_gets_the_same_secret_in_every_group() {
        for size in [2048, 3072, 4096] {
            for _ in 0..4 {
                let row = &GROUP_EXCHANGE_SHA256;
                let (mut server, p) = begun(row, &request(2048, size, 8192)).unwrap();
                assert!(server.is_heavy());
                let mut x = [0; 32];
                SystemRandom.fill(&mut x).unwrap();
                let e = mod_exp(&[2], &x, &p).unwrap();
                let Ok(KexStep::Finished(outcome)) = server.handle(&mut SystemRandom, &init(&e))
                else {
                    panic!("{size}");
                };
                let f = Reader::new(&outcome.server_public).mpint().unwrap();
                let k = mod_exp(f, &x, &p).unwrap();
                assert_eq!(outcome.shared_secret.expose(), mpints(&[&k]));
            }
        }
    }

    #[test]
    fn groups_are_picked_from_all_of_a_size() {
        for size in &SIZES {
            let mut primes = Vec::new();
            let count = u32::try_from(size.own().count()).unwrap() + 1;
            for draw in 0..count {
                let picked = size.pick(&mut FixedRandom::new(&draw.to_be_bytes())).unwrap();
                primes.push(picked.prime().to_vec());
            }
            assert_eq!(primes.last().unwrap(), size.well_known().unwrap().prime());
            primes.sort();
            primes.dedup();
            assert_eq!(primes.len(), usize::try_from(count).unwrap(), "{size:?}");
        }
    }

    /// The file holds safe primes of our sizes and nothing else.
    #[test]
    fn our_own_primes_are_safe_primes() {
        let lines = OWN_PRIMES.lines().filter(|line| !line.starts_with('#'));
        let mut own: usize = 0;
        for size in &SIZES {
            for digits in size.own() {
                assert_safe(&decode(digits).unwrap());
                own += 1;
            }
        }
        assert_eq!(own, lines.count());
        for size in [Size::Bits2048, Size::Bits3072, Size::Bits4096] {
            assert!(size.own().count() >= 2, "{size:?}");
        }
    }

    #[test]
    fn messages_out_of_order_are_refused() {
        let unexpected = |number| Some(Error::from(PeerMisbehaved::UnexpectedMessage(number)));
        for row in ROWS {
            let begin = || begun(row, &request(2048, 2048, 8192)).unwrap().0;
            for number in [30, 31, 33, 34, 35] {
                let mut message = init(&[2]);
                message[0] = number;
                let refused = begin().handle(&mut SystemRandom, &message).err();
                assert_eq!(refused, unexpected(number), "{row:?}");
            }
            let refused = (row.start)().handle(&mut SystemRandom, &init(&[2])).err();
            assert_eq!(refused, unexpected(INIT));
            let mut server = begin();
            assert!(server.handle(&mut SystemRandom, &init(&[2])).is_ok());
            let again = server.handle(&mut SystemRandom, &init(&[2])).err();
            assert_eq!(again, unexpected(INIT));
        }
    }

    #[test]
    fn bad_messages_are_refused() {
        let whole = request(2048, 2048, 8192);
        for len in 1..whole.len() {
            let refused = begun(&GROUP_EXCHANGE_SHA256, &whole[..len]).err();
            assert_eq!(refused, Some(InvalidMessage::Truncated.into()));
        }
        let longer = begun(&GROUP_EXCHANGE_SHA256, &[&whole[..], &[0]].concat()).err();
        assert_eq!(longer, Some(InvalidMessage::TrailingBytes.into()));
        let (_, p) = begun(&GROUP_EXCHANGE_SHA256, &whole).unwrap();
        for e in [vec![], vec![1], [&[1], &p[..]].concat(), vec![0x7f; 4000]] {
            let (mut server, _) = begun(&GROUP_EXCHANGE_SHA256, &whole).unwrap();
            let refused = server.handle(&mut SystemRandom, &init(&e)).err();
            assert_eq!(refused, Some(CryptoError::BadPublicValue.into()));
        }
    }
}
