//! The identification exchange (RFC 4253 section 4.2), the client's side of it: reads the line, and decides
//! whether the client may go on.

use bytes::{Buf, BytesMut};

use crate::error::{Error, InvalidMessage, LimitExceeded, PeerIncompatible};
use crate::limits::{MAX_IDENTIFICATION_LEN, MAX_VERSION_PATTERN_LEN};

/// The identification strings that are accepted: patterns of which one has to match the whole string; `*`
/// stands for any text and `?` for any one character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionPattern {
    text: String,
}

impl Default for VersionPattern {
    /// RFC 4253 section 5.1: 1.99 is a client that also speaks the old protocol.
    fn default() -> Self {
        Self { text: "*SSH-1.99-*,*SSH-2.0-*".to_owned() }
    }
}

impl VersionPattern {
    /// Parses a comma-separated list of patterns; `None` if it has no pattern, or is too long.
    pub fn parse(list: &str) -> Option<Self> {
        let parsed = Self { text: list.trim().to_owned() };
        let usable = list.len() <= MAX_VERSION_PATTERN_LEN && parsed.patterns().next().is_some();
        usable.then_some(parsed)
    }

    /// The list as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether one of the patterns matches.
    pub fn matches(&self, identification: &str) -> bool {
        self.patterns().any(|pattern| matches(pattern.as_bytes(), identification.as_bytes()))
    }

    /// Refuses a client that this server does not serve.
    pub(super) fn check(&self, identification: &str) -> Result<(), Error> {
        let protocol = identification.split('-').nth(1).unwrap_or_default();
        // whatever the patterns allow: this server speaks no older protocol
        if protocol != "1.99" && !protocol.starts_with("2.") {
            return Err(PeerIncompatible::ProtocolVersion.into());
        }
        if !self.matches(identification) {
            return Err(PeerIncompatible::VersionPattern.into());
        }
        Ok(())
    }

    fn patterns(&self) -> impl Iterator<Item = &str> {
        self.text.split(',').map(str::trim).filter(|pattern| !pattern.is_empty())
    }
}

/// Matches from left to right. After a mismatch only the last `*` takes one byte more: an earlier one could
/// not do better, so the number of steps is bounded by the product of the lengths.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut star) = ((0_usize, 0_usize), None);
    while let Some(&byte) = text.get(at.1) {
        let (next, after) = (pattern.get(at.0), at.1.saturating_add(1));
        if next == Some(&b'*') {
            star = Some(at);
            at.0 = at.0.saturating_add(1);
        } else if next == Some(&b'?') || next == Some(&byte) {
            at = (at.0.saturating_add(1), after);
        } else if let Some((pattern_at, text_at)) = &mut star {
            *text_at = text_at.saturating_add(1);
            at = (pattern_at.saturating_add(1), *text_at);
        } else {
            return false;
        }
    }
    pattern.get(at.0..).unwrap_or_default().iter().all(|&rest| rest == b'*')
}

/// Takes the client's identification string off the front of `buf`, without its line end; `None`
/// while it is incomplete. Unlike a server, a client may not send other lines before it.
pub(super) fn read_identification(buf: &mut BytesMut) -> Result<Option<String>, Error> {
    let prefix = buf.get(..4.min(buf.len())).unwrap_or_default();
    if !b"SSH-".starts_with(prefix) {
        return Err(InvalidMessage::BadIdentification.into());
    }
    let Some(end) = buf.iter().take(MAX_IDENTIFICATION_LEN).position(|&b| b == b'\n') else {
        return if buf.len() >= MAX_IDENTIFICATION_LEN {
            Err(LimitExceeded::IdentificationTooLong.into())
        } else {
            Ok(None)
        };
    };
    let mut line = buf.split_to(end);
    buf.advance(1);
    // RFC 4253 section 5: old clients end the line with LF alone
    if line.last() == Some(&b'\r') {
        line.truncate(line.len().saturating_sub(1));
    }
    parse(&line).map(Some)
}

fn parse(line: &[u8]) -> Result<String, Error> {
    let text = std::str::from_utf8(line).map_err(|_| InvalidMessage::BadIdentification)?.to_owned();
    // RFC 4253 section 4.2: printable US-ASCII. Comments do have other characters; those that control a
    // terminal must not get into a log.
    if text.chars().any(char::is_control) {
        return Err(InvalidMessage::BadIdentification.into());
    }
    let mut parts = text.splitn(3, '-');
    let (_, version, software) = (parts.next(), parts.next(), parts.next());
    match (version, software) {
        (Some(_), Some(_)) => Ok(text),
        _ => Err(InvalidMessage::BadIdentification.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Option<String>, Error> {
        read_identification(&mut BytesMut::from(bytes))
    }

    #[test]
    fn lines_with_either_ending() {
        assert_eq!(read(b"SSH-2.0-x y\r\nrest"), Ok(Some("SSH-2.0-x y".into())));
        assert_eq!(read(b"SSH-1.99-x\n"), Ok(Some("SSH-1.99-x".into())));
    }

    #[test]
    fn the_rest_stays() {
        let mut buf = BytesMut::from(&b"SSH-2.0-x\r\nabc"[..]);
        assert!(read_identification(&mut buf).is_ok());
        assert_eq!(&buf[..], b"abc");
    }

    #[test]
    fn incomplete_lines_wait() {
        for part in [&b""[..], b"S", b"SSH-", b"SSH-2.0-abc", b"SSH-2.0-abc\r"] {
            assert_eq!(read(part), Ok(None));
        }
    }

    #[test]
    fn others_are_refused_at_the_first_wrong_byte() {
        for bad in [&b"GET / HTTP/1.1\r\n"[..], b"X", b"SSX"] {
            assert_eq!(read(bad), Err(InvalidMessage::BadIdentification.into()));
        }
        assert_eq!(read(b"SSH-2.0\n"), Err(InvalidMessage::BadIdentification.into()));
        for bad in [
            &b"SSH-2.0-\0\n"[..],
            b"SSH-2.0-x\x1b[2J\n",
            b"SSH-2.0-x\xc2\x9b2J\n",
            b"SSH-2.0-\xff\n",
        ] {
            assert_eq!(read(bad), Err(InvalidMessage::BadIdentification.into()));
        }
        assert_eq!(read("SSH-2.0-x \u{fc}\n".as_bytes()), Ok(Some("SSH-2.0-x \u{fc}".into())));
        let mut long = b"SSH-2.0-".to_vec();
        long.resize(255, b'x');
        assert_eq!(read(&long), Err(LimitExceeded::IdentificationTooLong.into()));
    }

    fn check(patterns: &str, identification: &str) -> Result<(), Error> {
        VersionPattern::parse(patterns).unwrap().check(identification)
    }

    #[test]
    fn the_default_takes_both_ways_to_say_2_0() {
        let default = VersionPattern::default();
        assert_eq!(VersionPattern::parse(default.as_str()).as_ref(), Some(&default));
        assert_eq!(default.check("SSH-2.0-OpenSSH_9.9 comment"), Ok(()));
        assert_eq!(default.check("SSH-1.99-old"), Ok(()));
        assert_eq!(default.check("SSH-2.99-new"), Err(PeerIncompatible::VersionPattern.into()));
    }

    #[test]
    fn protocols_that_are_not_spoken_are_refused_whatever_the_pattern() {
        for old in ["SSH-1.5-x", "SSH-1.3-x", "SSH-3.0-x", "SSH--x", "SSH-20-x", "SSH-1.990-x"] {
            assert_eq!(check("*", old), Err(PeerIncompatible::ProtocolVersion.into()), "{old}");
        }
        assert_eq!(check("*", "SSH-2.99-x"), Ok(()));
    }

    #[test]
    fn patterns() {
        for (list, text, expected) in [
            ("*SSH-1.99-*,*SSH-2.0-*,*SSH-2.99-*", "SSH-2.99-x", true),
            ("SSH-2.0-OpenSSH_*", "SSH-2.0-OpenSSH_9.9p2 Debian", true),
            ("SSH-2.0-OpenSSH_*", "SSH-2.0-PuTTY_Release_0.83", false),
            ("SSH-2.0-OpenSSH_?.*", "SSH-2.0-OpenSSH_9.9", true),
            ("SSH-2.0-OpenSSH_?.*", "SSH-2.0-OpenSSH_10.0", false),
            ("SSH-2.0-x", "SSH-2.0-x", true),
            ("SSH-2.0-x", "SSH-2.0-xy", false),
            ("SSH-2.0-x", "SSH-2.0-", false),
            ("ssh-2.0-*", "SSH-2.0-x", false),
            ("SSH-2.0-*b", "SSH-2.0-abab", true),
            ("SSH-2.0-*b*a", "SSH-2.0-abab", false),
            (" a , SSH-2.0-* ,", "SSH-2.0-x", true),
            ("**?**", "SSH-2.0-x", true),
            ("SSH-2.0-[a]", "SSH-2.0-a", false),
        ] {
            let pattern = VersionPattern::parse(list).unwrap();
            assert_eq!(pattern.matches(text), expected, "{list} {text}");
        }
    }

    #[test]
    fn a_list_without_a_pattern_or_beyond_the_bound_is_none() {
        for list in ["", "  ", ",", " , ,"] {
            assert_eq!(VersionPattern::parse(list), None, "{list:?}");
        }
        assert!(VersionPattern::parse(&"*".repeat(MAX_VERSION_PATTERN_LEN)).is_some());
        assert_eq!(VersionPattern::parse(&"*".repeat(MAX_VERSION_PATTERN_LEN + 1)), None);
    }

    #[test]
    fn many_stars_cost_no_more_than_their_number() {
        // with backtracking to every star this would take longer than the universe has existed
        let pattern = VersionPattern::parse(&format!("{}c", "*a".repeat(400))).unwrap();
        assert!(!pattern.matches(&"a".repeat(MAX_IDENTIFICATION_LEN)));
    }
}
