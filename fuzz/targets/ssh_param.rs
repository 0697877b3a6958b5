//! getSSHParam and setSSHParam: payloads of clients with any field, and what a program writes and reads.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sshserver::binding_under_test::{Refused, append, read_bytes, read_text};
use sshserver_fuzz::Input;

const TYPES: [&str; 7] = ["s", "sb", "m", "i", "l", "b", "f"];
const FIELDS: [&str; 12] = [
    "ChannelId",
    "RequestType",
    "WantsReply",
    "Command",
    "TerminalModes",
    "TerminalHeightPixels",
    "X11AuthCookie",
    "ExitStatus",
    "LanguageTag",
    "PortToConnect",
    "%s,f",
    "%i,sb,m,l",
];
/// A payload that begins with this byte is a whole channel request.
const CHANNEL_REQUEST: u8 = 98;

fuzz_target!(|data: &[u8]| {
    let mut input = Input(data);
    let (choice, payload) = (input.byte(), input.chunk());
    let given = String::from_utf8_lossy(input.chunk()).into_owned();
    let field = FIELDS.get(usize::from(choice % 16)).map_or(&*given, |field| *field);
    let text = read_text(payload, field);
    let bytes = read_bytes(payload, field);
    // one finds what the other finds, but for a number that is too long to be shown
    if text.is_ok() {
        assert!(bytes.is_ok());
    }
    if let Err(refused) = &text {
        is_clear(refused);
    }
    if let Ok(bytes) = &bytes {
        assert!(bytes.len() <= payload.len());
    } else {
        assert!(text.is_err());
    }

    let field_type = TYPES[usize::from(choice >> 4) % TYPES.len()];
    let value = String::from_utf8_lossy(input.chunk()).into_owned();
    let longer = match append(payload, field_type, &value) {
        Ok(longer) => longer,
        Err(refused) => return is_clear(&refused),
    };
    assert!(longer.starts_with(payload) && longer.len() > payload.len());
    let alone = append(&[], field_type, &value).expect("the same without a payload");
    assert_eq!(longer[payload.len()..], alone);
    if alone[0] == CHANNEL_REQUEST {
        return;
    }
    // what is read is what was written, in one form, whatever form it was written in
    let shown = read_text(&alone, &format!("%{field_type}")).expect("the field");
    assert_eq!(append(&[], field_type, &shown).as_ref(), Ok(&alone), "{value:?} {shown:?}");
});

/// Names what is wrong, and is fit for a log whatever the client or the program wrote.
fn is_clear((code, message): &Refused) {
    assert_eq!(*code, 10022);
    assert!(message.len() < 1000 && !message.contains(char::is_control), "{message:?}");
}
