//! The documented numbers and texts of operating system errors, the same on every platform. Windows
//! has these numbers itself; the BSDs and macOS number theirs 10000 lower; Linux has its own.

use std::io::{self, ErrorKind};

/// One documented error of the operating system.
#[derive(Debug, Clone, Copy)]
struct Row {
    /// The documented number.
    number: u32,
    /// What Linux calls it; 0 for none.
    linux: i32,
    /// What the standard library calls it.
    kind: Option<ErrorKind>,
    /// The documented text without the number.
    text: &'static str,
}

const fn row(number: u32, linux: i32, kind: Option<ErrorKind>, text: &'static str) -> Row {
    Row { number, linux, kind, text }
}

/// What an error becomes that has no number of its own.
const OTHER: u32 = 10022;

static ROWS: &[Row] = &[
    row(10004, 4, Some(ErrorKind::Interrupted), "Interrupted system call."),
    row(10009, 9, None, "Bad file number."),
    row(10013, 13, Some(ErrorKind::PermissionDenied), "Access denied."),
    row(10014, 14, None, "Bad address."),
    row(10022, 22, Some(ErrorKind::InvalidInput), "Invalid argument."),
    row(10024, 24, None, "Too many open files."),
    row(10035, 11, Some(ErrorKind::WouldBlock), "Operation would block."),
    row(10036, 115, None, "Operation now in progress."),
    row(10037, 114, None, "Operation already in progress."),
    row(10038, 88, None, "Socket operation on non-socket."),
    row(10039, 89, None, "Destination address required."),
    row(10040, 90, None, "Message too long."),
    row(10041, 91, None, "Protocol wrong type for socket."),
    row(10042, 92, None, "Bad protocol option."),
    row(10043, 93, None, "Protocol not supported."),
    row(10044, 94, None, "Socket type not supported."),
    row(10045, 95, Some(ErrorKind::Unsupported), "Operation not supported on socket."),
    row(10046, 96, None, "Protocol family not supported."),
    row(10047, 97, None, "Address family not supported by protocol family."),
    row(10048, 98, Some(ErrorKind::AddrInUse), "Address already in use."),
    row(10049, 99, Some(ErrorKind::AddrNotAvailable), "Can't assign requested address."),
    row(10050, 100, Some(ErrorKind::NetworkDown), "Network is down."),
    row(10051, 101, Some(ErrorKind::NetworkUnreachable), "Network is unreachable."),
    row(10052, 102, None, "Net dropped connection or reset."),
    row(10053, 103, Some(ErrorKind::ConnectionAborted), "Software caused connection abort."),
    row(10054, 104, Some(ErrorKind::ConnectionReset), "Connection reset by peer."),
    row(10055, 105, Some(ErrorKind::OutOfMemory), "No buffer space available."),
    row(10056, 106, None, "Socket is already connected."),
    row(10057, 107, Some(ErrorKind::NotConnected), "Socket is not connected."),
    row(10058, 108, Some(ErrorKind::BrokenPipe), "Can't send after socket shutdown."),
    row(10059, 109, None, "Too many references, can't splice."),
    row(10060, 110, Some(ErrorKind::TimedOut), "Connection timed out."),
    row(10061, 111, Some(ErrorKind::ConnectionRefused), "Connection refused."),
    row(10062, 40, None, "Too many levels of symbolic links."),
    row(10063, 36, Some(ErrorKind::InvalidFilename), "File name too long."),
    row(10064, 112, None, "Host is down."),
    row(10065, 113, Some(ErrorKind::HostUnreachable), "No route to host."),
    row(10066, 39, Some(ErrorKind::DirectoryNotEmpty), "Directory not empty"),
    row(10067, 0, None, "Too many processes."),
    row(10068, 87, None, "Too many users."),
    row(10069, 122, Some(ErrorKind::QuotaExceeded), "Disc Quota Exceeded."),
    row(10070, 116, Some(ErrorKind::StaleNetworkFileHandle), "Stale NFS file handle."),
    row(10071, 66, None, "Too many levels of remote in path."),
    row(10091, 0, None, "Network subsystem is unavailable."),
    row(10092, 0, None, "WINSOCK DLL Version out of range."),
    row(10093, 0, None, "Winsock not loaded yet."),
    row(11001, 0, None, "Host not found."),
    row(11002, 0, None, "Non-authoritative 'Host not found' (try again or check DNS setup)."),
    row(11003, 0, None, "Non-recoverable errors: FORMERR, REFUSED, NOTIMP."),
];

/// `Host not found.`
pub const HOST_NOT_FOUND: u32 = 11001;

/// The process, or the system, has no file descriptor left: EMFILE and ENFILE.
pub const TOO_MANY_OPEN_FILES: u32 = 10024;

/// The documented number of an error.
pub fn number(error: &io::Error) -> u32 {
    // The system-wide limit has no documented number of its own.
    const ENFILE: i32 = 23;
    if cfg!(unix) && error.raw_os_error() == Some(ENFILE) {
        return TOO_MANY_OPEN_FILES;
    }
    ROWS.iter().find(|row| row.is(error)).map_or(OTHER, |row| row.number)
}

/// The documented text of a number, `[10048] Address already in use.`
pub fn text(number: u32) -> Option<String> {
    let row = ROWS.iter().find(|row| row.number == number)?;
    Some(format!("[{}] {}", row.number, row.text))
}

impl Row {
    fn is(&self, error: &io::Error) -> bool {
        if self.kind == Some(error.kind()) {
            return true;
        }
        let Some(raw) = error.raw_os_error() else {
            return false;
        };
        let own = i32::try_from(self.number).unwrap_or(0);
        if cfg!(windows) {
            raw == own
        } else if cfg!(target_os = "linux") {
            self.linux != 0 && raw == self.linux
        } else {
            raw == own.saturating_sub(10000)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_their_documented_numbers() {
        let cases = [
            (ErrorKind::AddrInUse, 10048),
            (ErrorKind::AddrNotAvailable, 10049),
            (ErrorKind::PermissionDenied, 10013),
            (ErrorKind::ConnectionReset, 10054),
            (ErrorKind::TimedOut, 10060),
            (ErrorKind::Other, OTHER),
        ];
        for (kind, expected) in cases {
            assert_eq!(number(&io::Error::from(kind)), expected, "{kind:?}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn linux_numbers_are_mapped() {
        for (raw, expected) in [(98, 10048), (24, 10024), (23, 10024), (97, 10047), (1, 10013)] {
            assert_eq!(number(&io::Error::from_raw_os_error(raw)), expected, "{raw}");
        }
    }

    #[test]
    fn texts_begin_with_their_number() {
        assert_eq!(text(10048).as_deref(), Some("[10048] Address already in use."));
        assert_eq!(text(11001).as_deref(), Some("[11001] Host not found."));
        assert_eq!(text(104), None);
    }

    #[test]
    fn numbers_and_linux_numbers_are_unique() {
        for row in ROWS {
            let same = |other: &&Row| {
                other.number == row.number || (row.linux != 0 && other.linux == row.linux)
            };
            assert_eq!(ROWS.iter().filter(same).count(), 1, "{}", row.number);
        }
    }
}
