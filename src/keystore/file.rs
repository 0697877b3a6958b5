//! Reads a key or certificate file, within a bound and into memory that is wiped.

use std::fs;
use std::io::Read;
use std::path::Path;

use zeroize::Zeroizing;

use super::KeystoreError;
use crate::limits::MAX_STORE_LEN;

/// Reads the file at `path`.
pub(super) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeystoreError> {
    let unreadable = |error: std::io::Error| KeystoreError::Unreadable(error.kind());
    // checked before opening, as opening a named pipe would wait for a writer
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(KeystoreError::NotAFile);
    }
    let file = fs::File::open(path).map_err(unreadable)?;
    // capacity for the longest file that is accepted, because a vector that grows leaves copies behind that
    // are not wiped; pages that are not written to cost nothing
    let bound = MAX_STORE_LEN.saturating_add(1);
    let mut content = Zeroizing::new(Vec::with_capacity(bound));
    let limit = u64::try_from(bound).map_err(|_| KeystoreError::TooLarge)?;
    file.take(limit).read_to_end(&mut content).map_err(unreadable)?;
    if content.len() > MAX_STORE_LEN {
        return Err(KeystoreError::TooLarge);
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_file_is_told_apart() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert_eq!(read(here), Err(KeystoreError::NotAFile));
        assert_eq!(
            read(&here.join("no such file")),
            Err(KeystoreError::Unreadable(std::io::ErrorKind::NotFound))
        );
        let manifest = here.join("Cargo.toml");
        assert_eq!(read(&manifest).unwrap().to_vec(), fs::read(&manifest).unwrap());
    }
}
