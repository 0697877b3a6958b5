//! A directory that is being listed, and the line of each entry as `ls -l` writes it: many clients take their
//! listing from that line, although the draft tells them not to.

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
    /// The entry that had no room in the last reply.
    kept: Option<Vec<u8>>,
}

impl Listing {
    pub(super) fn new(directory: OwnedFd, is_root: bool) -> Result<Self> {
        Ok(Self { entries: Dir::new(directory)?, is_root, kept: None })
    }

    /// Replies with the next entries, about `most` bytes of them; `false` at the end.
    pub(super) fn read(
        &mut self,
        id: u32,
        most: usize,
        names: &mut Names,
        replies: &mut Replies,
    ) -> Result<bool> {
        let mut list = replies.names(id);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        while list.len() < most {
            let name = match self.kept.take() {
                Some(name) => name,
                None => match self.entries.read() {
                    Some(entry) => entry?.file_name().to_bytes().to_vec(),
                    None => break,
                },
            };
            let shown = if self.is_root && name == b".." { &b"."[..] } else { &name[..] };
            match look(self.entries.fd()?, shown) {
                Ok(of) => list.push(&name, &line(&name, &of, names, now), &told(&of)),
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

/// The line of `ls -l`. The time is UTC, as the server's time zone is nothing that clients could know.
pub(super) fn line(name: &[u8], of: &Statx, names: &mut Names, now: u64) -> Vec<u8> {
    let number_or = |name: &str, number: u32| {
        if name.is_empty() { number.to_string() } else { name.to_owned() }
    };
    let user = number_or(names.user(of.stx_uid), of.stx_uid);
    let group = number_or(names.group(of.stx_gid), of.stx_gid);
    let modified = u64::try_from(of.stx_mtime.tv_sec).unwrap_or(0);
    let mut line = format!(
        "{} {:>4} {user:<8} {group:<8} {:>8} {} ",
        mode(of.stx_mode.into()),
        of.stx_nlink,
        of.stx_size,
        date(modified, now),
    )
    .into_bytes();
    line.extend_from_slice(name);
    line
}

/// `drwxr-xr-x`
fn mode(raw: u32) -> String {
    let kind = match FileType::from_raw_mode(raw) {
        FileType::RegularFile => '-',
        FileType::Directory => 'd',
        FileType::Symlink => 'l',
        FileType::Fifo => 'p',
        FileType::Socket => 's',
        FileType::CharacterDevice => 'c',
        FileType::BlockDevice => 'b',
        FileType::Unknown => '?',
    };
    let mut text = String::from(kind);
    for (shift, special, letter) in [(6, 0o4000, 's'), (3, 0o2000, 's'), (0, 0o1000, 't')] {
        let bits = raw >> shift;
        text.push(if bits & 4 != 0 { 'r' } else { '-' });
        text.push(if bits & 2 != 0 { 'w' } else { '-' });
        text.push(match (raw & special != 0, bits & 1 != 0) {
            (false, false) => '-',
            (false, true) => 'x',
            (true, true) => letter,
            (true, false) => letter.to_ascii_uppercase(),
        });
    }
    text
}

/// `Jan  2 03:04`, or `Jan  2  2003` of another half year.
fn date(time: u64, now: u64) -> String {
    let Ok(date) = DateTime::from_unix_duration(Duration::from_secs(time)) else {
        return "Jan  1  9999".to_owned();
    };
    let month = MONTHS.get(usize::from(date.month()).saturating_sub(1)).unwrap_or(&"Jan");
    let day = date.day();
    if time <= now && now.saturating_sub(time) < HALF_A_YEAR {
        format!("{month} {day:>2} {:02}:{:02}", date.hour(), date.minutes())
    } else {
        format!("{month} {day:>2}  {:04}", date.year())
    }
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
            assert_eq!(mode(raw), shown);
        }
    }

    #[test]
    fn dates_have_the_time_of_day_for_half_a_year() {
        let day = 24 * 3600;
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
