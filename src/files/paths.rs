//! Paths of clients: bytes, absolute or relative to the session's working directory.

use rustix::io::Errno;

use super::errors::Result;

/// The absolute form of a client's path, which still has its `.`, `..` and symbolic links.
pub(super) fn absolute(cwd: &[u8], path: &[u8]) -> Vec<u8> {
    if path.starts_with(b"/") {
        return path.to_vec();
    }
    let mut whole = cwd.to_vec();
    if !whole.ends_with(b"/") {
        whole.push(b'/');
    }
    whole.extend_from_slice(path);
    whole
}

/// The names that a path consists of.
pub(super) fn components(path: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    path.split(|byte| *byte == b'/').filter(|name| !name.is_empty() && *name != b".")
}

/// A path of an entry of a directory: that directory, and the entry's name in it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry<'p> {
    pub(super) directory: &'p [u8],
    pub(super) name: &'p [u8],
}

/// Cuts an absolute path before its last name. The root, `.` and `..` are entries of no directory.
pub(super) fn entry(path: &[u8]) -> Result<Entry<'_>> {
    let end = path.iter().rposition(|byte| *byte != b'/').map_or(0, |at| at.saturating_add(1));
    let path = path.get(..end).unwrap_or_default();
    let start = path.iter().rposition(|byte| *byte == b'/').map_or(0, |at| at.saturating_add(1));
    let (directory, name) = path.split_at(start);
    if matches!(name, b"" | b"." | b"..") {
        return Err(Errno::INVAL.into());
    }
    Ok(Entry { directory, name })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_paths_begin_in_the_working_directory() {
        for (cwd, path, whole) in [
            ("/", "a", "/a"),
            ("/home/u", "a/../b", "/home/u/a/../b"),
            ("/home/u/", "", "/home/u/"),
            ("/home", "/etc", "/etc"),
        ] {
            assert_eq!(absolute(cwd.as_bytes(), path.as_bytes()), whole.as_bytes());
        }
    }

    #[test]
    fn an_entry_is_the_last_name() {
        for (path, directory, name) in [
            ("/a", "/", "a"),
            ("/a/b//", "/a/", "b"),
            ("/a/../b", "/a/../", "b"),
            ("/...", "/", "..."),
        ] {
            let (directory, name) = (directory.as_bytes(), name.as_bytes());
            assert_eq!(entry(path.as_bytes()), Ok(Entry { directory, name }));
        }
        for path in ["/", "//", "", "/a/..", "/a/.", "/a/../", "/."] {
            assert_eq!(entry(path.as_bytes()), Err(Errno::INVAL.into()), "{path}");
        }
    }
}
