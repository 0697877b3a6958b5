//! The line of an entry of a directory as `ls -l` writes it: many clients take their listing from that line,
//! although the draft tells them not to.

use std::io::Write;
use std::time::Duration;

use der::DateTime;

use super::attributes::Attributes;

/// Files that are older, or changed in the future, are shown with their year and not with the time of day.
const HALF_A_YEAR: u64 = 183 * 24 * 3600;
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// What a line tells besides the attributes.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'n> {
    /// The name of the entry.
    pub name: &'n [u8],
    /// How many names the file has.
    pub links: u64,
    /// The name of its owner; its number is shown if it is empty.
    pub user: &'n str,
    /// The same of its group.
    pub group: &'n str,
}

/// Writes the line in place of what is in `line`. The time is UTC, as the server's time zone is nothing that
/// clients could know; `now` are seconds since 1970.
pub fn write_line(line: &mut Vec<u8>, shown: &Shown<'_>, of: &Attributes, now: u64) {
    line.clear();
    write_mode(line, of.permissions.unwrap_or_default());
    // Writing to a Vec does not fail.
    _ = write!(line, " {:>4} ", shown.links);
    write_owner(line, shown.user, of.owner.map_or(0, |owner| owner.uid));
    write_owner(line, shown.group, of.owner.map_or(0, |owner| owner.gid));
    _ = write!(line, "{:>8} ", of.size.unwrap_or_default());
    write_date(line, of.times.map_or(0, |times| times.modified.into()), now);
    line.push(b' ');
    line.extend_from_slice(shown.name);
}

fn write_owner(line: &mut Vec<u8>, name: &str, number: u32) {
    _ = match name {
        "" => write!(line, "{number:<8} "),
        name => write!(line, "{name:<8} "),
    };
}

/// `drwxr-xr-x`, of the type and permissions in `st_mode`.
fn write_mode(line: &mut Vec<u8>, raw: u32) {
    line.push(match raw & 0o170_000 {
        0o100_000 => b'-',
        0o040_000 => b'd',
        0o120_000 => b'l',
        0o010_000 => b'p',
        0o140_000 => b's',
        0o020_000 => b'c',
        0o060_000 => b'b',
        _ => b'?',
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
