//! A directory that is being listed, and the line of each entry as `ls -l` writes it: many clients take their
//! listing from that line, although the draft tells them not to.

use std::io::Write;
use std::os::fd::OwnedFd;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use der::DateTime;
use rustix::fs::{Dir, FileType, Statx};
use rustix::io::Errno;

use super::attributes::{look, told};
use super::errors::Result;
use super::names::Names;
use crate::sftp::Replies;

/// Files that are older, or changed in the future, are shown with their year and not with the time of day.
const HALF_A_YEAR: u64 = 183 * 24 * 3600;
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A directory that is being listed.
#[derive(Debug)]
pub(super) struct Listing {
    entries: Dir,
    /// Whether it is the root, which has nothing above it.
    is_root: bool,
}

impl Listing {
    pub(super) fn new(directory: OwnedFd, is_root: bool) -> Result<Self> {
        Ok(Self { entries: Dir::new(directory)?, is_root })
    }

    /// Replies with the next entries, about `most` bytes of them; `false` at the end.
    pub(super) fn read(
        &mut self,
        id: u32,
        most: usize,
        names: &mut Names,
        replies: &mut Replies,
    ) -> Result<bool> {
        let mut list = replies.names(id, most);
        let mut line = Vec::new();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        while list.len() < most {
            let Some(entry) = self.entries.read() else {
                break;
            };
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            let shown = if self.is_root && name == b".." { &b"."[..] } else { name };
            match look(self.entries.fd()?, shown) {
                Ok(of) => {
                    write_line(&mut line, name, &of, names, now);
                    list.push(name, &line, &told(&of));
                }
                // It is gone since.
                Err(_) if name != b"." => {}
                Err(error) => return Err(error),
            }
        }
        let has_some = !list.is_empty();
        if has_some {
            list.finish();
        }
        Ok(has_some)
    }

    /// The directory, for its attributes.
    pub(super) fn attributes(&self) -> Result<Statx> {
        look(self.entries.fd().map_err(|_| Errno::BADF)?, b"")
    }
}

/// Writes the line of `ls -l`. The time is UTC, as the server's time zone is nothing that clients could know.
pub(super) fn write_line(line: &mut Vec<u8>, name: &[u8], of: &Statx, names: &mut Names, now: u64) {
    line.clear();
    write_mode(line, of.stx_mode.into());
    // Writing to a Vec does not fail.
    _ = write!(line, " {:>4} ", of.stx_nlink);
    write_owner(line, names.user(of.stx_uid), of.stx_uid);
    write_owner(line, names.group(of.stx_gid), of.stx_gid);
    _ = write!(line, "{:>8} ", of.stx_size);
    write_date(line, u64::try_from(of.stx_mtime.tv_sec).unwrap_or(0), now);
    line.push(b' ');
    line.extend_from_slice(name);
}

fn write_owner(line: &mut Vec<u8>, name: &str, number: u32) {
    _ = match name {
        "" => write!(line, "{number:<8} "),
        name => write!(line, "{name:<8} "),
    };
}

/// `drwxr-xr-x`
fn write_mode(line: &mut Vec<u8>, raw: u32) {
    line.push(match FileType::from_raw_mode(raw) {
        FileType::RegularFile => b'-',
        FileType::Directory => b'd',
        FileType::Symlink => b'l',
        FileType::Fifo => b'p',
        FileType::Socket => b's',
        FileType::CharacterDevice => b'c',
        FileType::BlockDevice => b'b',
        FileType::Unknown => b'?',
    });
    for (shift, special, letter) in [(6, 0o4000, b's'), (3, 0o2000, b's'), (0, 0o1000, b't')] {
        let bits = raw >> shift;
        line.push(if bits & 4 != 0 { b'r' } else { b'-' });
        line.push(if bits & 2 != 0 { b'w' } else { b'-' });
        line.push(match (raw & special != 0, bits & 1 != 0) {
            (false, false) => b'-',
            (false, true) => b'x',
            (true, true) => letter,
            (true, false) => letter.to_ascii_uppercase(),
        });
    }
}

/// `Jan  2 03:04`, or `Jan  2  2003` of another half year.
fn write_date(line: &mut Vec<u8>, time: u64, now: u64) {
    let Ok(date) = DateTime::from_unix_duration(Duration::from_secs(time)) else {
        return line.extend_from_slice(b"Jan  1  9999");
    };
    let month = MONTHS.get(usize::from(date.month()).saturating_sub(1)).unwrap_or(&"Jan");
    let day = date.day();
    _ = if time <= now && now.saturating_sub(time) < HALF_A_YEAR {
        write!(line, "{month} {day:>2} {:02}:{:02}", date.hour(), date.minutes())
    } else {
        write!(line, "{month} {day:>2}  {:04}", date.year())
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_shown_as_by_ls() {
        for (raw, shown) in [
            (0o100_644, "-rw-r--r--"),
            (0o040_755, "drwxr-xr-x"),
            (0o120_777, "lrwxrwxrwx"),
            (0o104_755, "-rwsr-xr-x"),
            (0o102_644, "-rw-r-Sr--"),
            (0o041_777, "drwxrwxrwt"),
            (0o041_776, "drwxrwxrwT"),
            (0o010_600, "prw-------"),
            (0o140_000, "s---------"),
        ] {
            let mut line = Vec::new();
            write_mode(&mut line, raw);
            assert_eq!(line, shown.as_bytes());
        }
    }

    #[test]
    fn dates_have_the_time_of_day_for_half_a_year() {
        let day = 24 * 3600;
        let date = |time, now| {
            let mut line = Vec::new();
            write_date(&mut line, time, now);
            String::from_utf8(line).unwrap()
        };
        // 2001-09-09 01:46:40 UTC
        let time = 1_000_000_000;
        assert_eq!(date(time, time), "Sep  9 01:46");
        assert_eq!(date(time, time + 182 * day), "Sep  9 01:46");
        assert_eq!(date(time, time + 183 * day), "Sep  9  2001");
        assert_eq!(date(time, time - 1), "Sep  9  2001");
        assert_eq!(date(0, time), "Jan  1  1970");
        assert_eq!(date(u64::MAX, time), "Jan  1  9999");
    }
}
