//! The `password` method (RFC 4252 section 8).

use crate::crypto::secret::Secret;
use crate::error::{Error, InvalidMessage};
use crate::limits::MAX_PASSWORD_LEN;
use crate::wire::Reader;

/// Reads `boolean change | string password [| string new_password]`; `None` for a change of password, which
/// is not supported.
pub(super) fn read(method_specific: &[u8]) -> Result<Option<Secret>, Error> {
    let mut reader = Reader::new(method_specific);
    let change = reader.boolean()?;
    let password = reader.string()?;
    if change {
        reader.string()?;
    }
    reader.finish()?;
    if password.len() > MAX_PASSWORD_LEN {
        return Err(InvalidMessage::BadText.into());
    }
    Ok((!change).then(|| Secret::new(password.to_vec())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords() {
        assert_eq!(read(b"\0\0\0\0\x02pw"), Ok(Some(Secret::new(b"pw".to_vec()))));
        assert_eq!(read(b"\x01\0\0\0\x02pw\0\0\0\x01n"), Ok(None));
        assert_eq!(read(b"\0\0\0\0\x02pwx"), Err(InvalidMessage::TrailingBytes.into()));
        assert_eq!(read(b"\0\0\0\0\x03pw"), Err(InvalidMessage::Truncated.into()));
    }
}
