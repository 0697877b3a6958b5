//! The documented numbers and texts of operating system errors, the same on every platform. Windows
//! has these numbers itself; the BSDs and macOS number theirs 10000 lower; Linux has its own.

use std::io::{self, ErrorKind};

/// One documented error of the operating system.
#[derive(Debug, Clone, Copy)]
struct Row {
    /// The documented number.
    number: u32,
    /// The number on Linux; 0 for none.
    linux: i32,
    /// The error's kind in the standard library.
    kind: Option<ErrorKind>,
    /// The documented text without the number.
    text: &'static str,
}

const fn row(number: u32, linux: i32, kind: Option<ErrorKind>, text: &'static str) -> Row {
    Row { number, linux, kind, text }
}

/// The documented number of an error that has none of its own.
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
    row(11004, 0, None, "Valid name, no data record (check DNS setup)."),
];

/// The last number that the BSDs have, too, 10000 lower; those that follow exist on Windows only.
const LAST_OF_BSD: u32 = 10071;

/// `Host not found.`
pub const HOST_NOT_FOUND: u32 = 11001;

/// Errors for which one system has several numbers and the table has one.
static ALIASES: &[(System, i32, u32)] = &[
    // ENFILE: the limit of the system, not that of the process
    (System::Linux, 23, 10024),
    (System::Bsd, 23, 10024),
    // EOPNOTSUPP of macOS, beside ENOTSUP
    (System::Bsd, 102, 10045),
];

/// The system whose numbers are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum System {
    Linux,
    /// The BSDs and macOS.
    Bsd,
    Windows,
}

const HERE: System = if cfg!(windows) {
    System::Windows
} else if cfg!(any(target_os = "linux", target_os = "android")) {
    System::Linux
} else {
    System::Bsd
};

/// The documented number of an error.
pub fn number(error: &io::Error) -> u32 {
    let by_kind = ROWS.iter().find(|row| row.kind == Some(error.kind()));
    by_kind.map(|row| row.number).or_else(|| of_raw(HERE, error.raw_os_error()?)).unwrap_or(OTHER)
}

/// Whether an error has no documented number of its own, so that its number says nothing.
pub fn is_other(error: &io::Error) -> bool {
    error.kind() != ErrorKind::InvalidInput
        && number(error) == OTHER
        && error.raw_os_error().is_none_or(|raw| of_raw(HERE, raw).is_none())
}

/// Whether accepting has failed because of the client that was to be accepted, and not for want of file
/// descriptors or memory.
pub(super) fn is_of_the_client(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted
            | ErrorKind::ConnectionRefused
            | ErrorKind::ConnectionReset
            | ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable
            | ErrorKind::NetworkDown
    )
}

/// The documented number of an error number of this system.
fn of_raw(system: System, raw: i32) -> Option<u32> {
    let row = ROWS.iter().find(|row| row.raw(system) == Some(raw));
    let alias = || ALIASES.iter().find(|alias| (alias.0, alias.1) == (system, raw));
    row.map(|row| row.number).or_else(|| alias().map(|alias| alias.2))
}

/// The documented text of a number, `[10048] Address already in use.`
pub fn text(number: u32) -> Option<String> {
    let row = ROWS.iter().find(|row| row.number == number)?;
    Some(format!("[{}] {}", row.number, row.text))
}

impl Row {
    /// The number of this error on a system.
    fn raw(&self, system: System) -> Option<i32> {
        let own = i32::try_from(self.number).ok()?;
        match system {
            System::Linux => (self.linux != 0).then_some(self.linux),
            System::Bsd => (self.number <= LAST_OF_BSD).then(|| own.saturating_sub(10000)),
            System::Windows => Some(own),
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

    /// The name of each error in C, and what Linux, macOS and Windows call it; 0 for none.
    /// <https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git/tree/include/uapi/asm-generic/errno.h>,
    /// <https://opensource.apple.com> xnu/bsd/sys/errno.h,
    /// <https://learn.microsoft.com/windows/win32/winsock/windows-sockets-error-codes-2>
    const SYSTEMS: &[(&str, i32, i32, i32, u32)] = &[
        ("EINTR", 4, 4, 10004, 10004),
        ("EBADF", 9, 9, 10009, 10009),
        ("EACCES", 13, 13, 10013, 10013),
        ("EFAULT", 14, 14, 10014, 10014),
        ("EINVAL", 22, 22, 10022, 10022),
        ("ENFILE", 23, 23, 0, 10024),
        ("EMFILE", 24, 24, 10024, 10024),
        ("EWOULDBLOCK", 11, 35, 10035, 10035),
        ("EINPROGRESS", 115, 36, 10036, 10036),
        ("EALREADY", 114, 37, 10037, 10037),
        ("ENOTSOCK", 88, 38, 10038, 10038),
        ("EDESTADDRREQ", 89, 39, 10039, 10039),
        ("EMSGSIZE", 90, 40, 10040, 10040),
        ("EPROTOTYPE", 91, 41, 10041, 10041),
        ("ENOPROTOOPT", 92, 42, 10042, 10042),
        ("EPROTONOSUPPORT", 93, 43, 10043, 10043),
        ("ESOCKTNOSUPPORT", 94, 44, 10044, 10044),
        ("EOPNOTSUPP", 95, 102, 10045, 10045),
        ("ENOTSUP", 95, 45, 10045, 10045),
        ("EPFNOSUPPORT", 96, 46, 10046, 10046),
        ("EAFNOSUPPORT", 97, 47, 10047, 10047),
        ("EADDRINUSE", 98, 48, 10048, 10048),
        ("EADDRNOTAVAIL", 99, 49, 10049, 10049),
        ("ENETDOWN", 100, 50, 10050, 10050),
        ("ENETUNREACH", 101, 51, 10051, 10051),
        ("ENETRESET", 102, 52, 10052, 10052),
        ("ECONNABORTED", 103, 53, 10053, 10053),
        ("ECONNRESET", 104, 54, 10054, 10054),
        ("ENOBUFS", 105, 55, 10055, 10055),
        ("EISCONN", 106, 56, 10056, 10056),
        ("ENOTCONN", 107, 57, 10057, 10057),
        ("ESHUTDOWN", 108, 58, 10058, 10058),
        ("ETOOMANYREFS", 109, 59, 10059, 10059),
        ("ETIMEDOUT", 110, 60, 10060, 10060),
        ("ECONNREFUSED", 111, 61, 10061, 10061),
        ("ELOOP", 40, 62, 10062, 10062),
        ("ENAMETOOLONG", 36, 63, 10063, 10063),
        ("EHOSTDOWN", 112, 64, 10064, 10064),
        ("EHOSTUNREACH", 113, 65, 10065, 10065),
        ("ENOTEMPTY", 39, 66, 10066, 10066),
        ("EPROCLIM", 0, 67, 10067, 10067),
        ("EUSERS", 87, 68, 10068, 10068),
        ("EDQUOT", 122, 69, 10069, 10069),
        ("ESTALE", 116, 70, 10070, 10070),
        ("EREMOTE", 66, 71, 10071, 10071),
        ("WSASYSNOTREADY", 0, 0, 10091, 10091),
        ("WSAVERNOTSUPPORTED", 0, 0, 10092, 10092),
        ("WSANOTINITIALISED", 0, 0, 10093, 10093),
        ("WSAHOST_NOT_FOUND", 0, 0, 11001, 11001),
        ("WSATRY_AGAIN", 0, 0, 11002, 11002),
        ("WSANO_RECOVERY", 0, 0, 11003, 11003),
        ("WSANO_DATA", 0, 0, 11004, 11004),
    ];

    #[test]
    fn every_error_number_of_every_system_has_its_documented_one() {
        for &(name, linux, bsd, windows, expected) in SYSTEMS {
            let systems = [(System::Linux, linux), (System::Bsd, bsd), (System::Windows, windows)];
            for (system, raw) in systems.into_iter().filter(|(_, raw)| *raw != 0) {
                assert_eq!(of_raw(system, raw), Some(expected), "{name} of {system:?}");
                // A round trip through the standard library's error does not change the number.
                if system == HERE {
                    let error = io::Error::from_raw_os_error(raw);
                    assert_eq!(number(&error), expected, "{name}: {:?}", error.kind());
                    assert!(!is_other(&error), "{name}");
                }
            }
        }
    }

    #[test]
    fn every_documented_number_stands_for_an_error_of_some_system() {
        for row in ROWS {
            assert!(SYSTEMS.iter().any(|system| system.4 == row.number), "{}", row.number);
        }
    }

    #[test]
    fn numbers_that_mean_something_else_elsewhere_are_not_documented() {
        // ENOMSG, EILSEQ and ENOATTR of macOS are not 10091 to 10093.
        for raw in [91, 92, 93, 0, 1001] {
            assert_eq!(of_raw(System::Bsd, raw), None, "{raw}");
        }
        for raw in [0, 4, 98] {
            assert_eq!(of_raw(System::Windows, raw), None, "{raw}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn an_error_without_a_documented_number_is_another() {
        const ENOENT: i32 = 2;
        const EPERM: i32 = 1;
        const EPIPE: i32 = 32;
        const ENOMEM: i32 = 12;
        let cases = [(ENOENT, OTHER, true), (EPERM, 10013, false), (EPIPE, 10058, false)];
        for (raw, expected, other) in cases.into_iter().chain([(ENOMEM, 10055, false)]) {
            let error = io::Error::from_raw_os_error(raw);
            assert_eq!((number(&error), is_other(&error)), (expected, other), "{raw}");
        }
        assert!(!is_other(&ErrorKind::InvalidInput.into()));
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
