//! The identification exchange (RFC 4253 section 4.2), client side of it.

use bytes::{Buf, BytesMut};

use crate::error::{Error, InvalidMessage, LimitExceeded, PeerIncompatible};
use crate::limits::MAX_IDENTIFICATION_LEN;

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
    // comments may be in any encoding in practice; control characters may not appear
    if line.iter().any(|b| b.is_ascii_control()) {
        return Err(InvalidMessage::BadIdentification.into());
    }
    let text = std::str::from_utf8(line).map_err(|_| InvalidMessage::BadIdentification)?.to_owned();
    let mut parts = text.splitn(3, '-');
    let (_, version, software) = (parts.next(), parts.next(), parts.next());
    match (version, software) {
        // RFC 4253 section 5.1: 1.99 is a client that also speaks the old protocol
        (Some("2.0" | "1.99"), Some(_)) => Ok(text),
        (Some(_), Some(_)) => Err(PeerIncompatible::ProtocolVersion.into()),
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
        assert_eq!(read(b"SSH-1.5-x\n"), Err(PeerIncompatible::ProtocolVersion.into()));
        assert_eq!(read(b"SSH-2.0\n"), Err(InvalidMessage::BadIdentification.into()));
        assert_eq!(read(b"SSH-2.0-\0\n"), Err(InvalidMessage::BadIdentification.into()));
        let mut long = b"SSH-2.0-".to_vec();
        long.resize(255, b'x');
        assert_eq!(read(&long), Err(LimitExceeded::IdentificationTooLong.into()));
    }
}
