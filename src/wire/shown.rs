//! Makes the text of peers fit to be shown to people (RFC 4251 section 9.2): no character of it may move
//! the cursor of a terminal, begin a line of a log, or change the direction of the text around it. Every
//! line of a log ([`escaped`]) and every description of an event ([`description`]) goes through here.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::limits::MAX_DESCRIPTION_LEN;

/// The text with `\n`, `\r`, `\t` and `\u{..}` in place of characters that cannot be shown. A backslash
/// stays one: it does no harm, and account names of Windows have it.
pub fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unshowable) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len().saturating_add(16));
    for c in text.chars() {
        if !is_unshowable(c) {
            shown.push(c);
        } else if matches!(c, '\n' | '\r' | '\t') {
            shown.extend(c.escape_default());
        } else {
            // writing to a String cannot fail
            _ = write!(shown, "\\u{{{:x}}}", u32::from(c));
        }
    }
    Cow::Owned(shown)
}

/// Control characters, Unicode's separators of lines and paragraphs, and characters that change the
/// direction of text or are invisible.
fn is_unshowable(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
        )
}

/// The beginning of a peer's text for people (why it leaves, why it refuses a channel), with spaces in
/// place of characters that cannot be shown.
pub fn description(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let shown = text.chars().take(MAX_DESCRIPTION_LEN);
    shown.map(|c| if is_unshowable(c) { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_shown_is_escaped() {
        for (text, shown) in [
            ("user\nAuthenticated: root\x1b[2J", "user\\nAuthenticated: root\\u{1b}[2J"),
            ("\r\t\0\x7f", "\\r\\t\\u{0}\\u{7f}"),
            ("f\u{fc}r \u{85}\u{9b}2J", "f\u{fc}r \\u{85}\\u{9b}2J"),
            ("toor\u{202e}\u{2028}", "toor\\u{202e}\\u{2028}"),
            ("a\u{200b}b\u{feff}", "a\\u{200b}b\\u{feff}"),
            ("CORP\\anna", "CORP\\anna"),
            ("\u{65e5}\u{672c} \u{1f600}", "\u{65e5}\u{672c} \u{1f600}"),
            ("", ""),
        ] {
            assert_eq!(escaped(text), shown);
            assert_eq!(escaped(&escaped(text)), shown, "the second time changes nothing");
        }
    }

    #[test]
    fn no_character_that_is_shown_can_harm() {
        for c in '\0'..=char::MAX {
            assert!(!escaped(c.encode_utf8(&mut [0; 4])).contains(is_unshowable), "{c:?}");
        }
    }

    #[test]
    fn descriptions_can_be_shown() {
        assert_eq!(description(b"bye\r\n\x1b[2J"), "bye   [2J");
        assert_eq!(description("f\u{fc}r \u{85}\u{202e}".as_bytes()), "f\u{fc}r   ");
        assert_eq!(description(b"\xff"), "\u{fffd}");
        assert_eq!(description(&[b'x'; MAX_DESCRIPTION_LEN + 1]), "x".repeat(MAX_DESCRIPTION_LEN));
    }
}
