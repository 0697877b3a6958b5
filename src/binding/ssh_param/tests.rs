use super::*;

fn build(fields: &[(&str, &str)]) -> Vec<u8> {
    let add =
        |payload: Vec<u8>, (kind, value): &(&str, &str)| append(&payload, kind, value).unwrap();
    fields.iter().fold(Vec::new(), add)
}

/// RFC 4254 section 5.4.
fn request(kind: &str, fields: &[(&str, &str)]) -> Vec<u8> {
    let mut all = vec![("b", "98"), ("i", "7"), ("s", kind), ("f", "true")];
    all.extend_from_slice(fields);
    build(&all)
}

const X11: &[(&str, &str)] =
    &[("f", "false"), ("s", "MIT-MAGIC-COOKIE-1"), ("s", "a1b2"), ("i", "3")];

#[test]
fn each_type_is_encoded_as_rfc4251_says() {
    for (kind, value, expected) in [
        ("s", "testing", &b"\x00\x00\x00\x07testing"[..]),
        ("s", "", b"\x00\x00\x00\x00"),
        ("sb", "A1B23C", b"\x00\x00\x00\x03\xa1\xb2\x3c"),
        ("i", "699921578", b"\x29\xb7\xf4\xaa"),
        ("i", "0xFFFFFFFF", b"\xff\xff\xff\xff"),
        ("i", "-1", b"\xff\xff\xff\xff"),
        ("l", "1234", b"\x00\x00\x00\x00\x00\x00\x04\xd2"),
        ("l", "18446744073709551615", b"\xff\xff\xff\xff\xff\xff\xff\xff"),
        ("b", "123", b"{"),
        ("f", "true", b"\x01"),
        ("f", "False", b"\x00"),
        // The examples of RFC 4251 section 5.
        ("m", "0", b"\x00\x00\x00\x00"),
        ("m", "0x9a378f9b2e332a7", b"\x00\x00\x00\x08\x09\xa3\x78\xf9\xb2\xe3\x32\xa7"),
        ("m", "0x80", b"\x00\x00\x00\x02\x00\x80"),
        ("m", "-0x1234", b"\x00\x00\x00\x02\xed\xcc"),
        ("m", "-0xdeadbeef", b"\x00\x00\x00\x05\xff\x21\x52\x41\x11"),
        ("m", "-128", b"\x00\x00\x00\x01\x80"),
    ] {
        assert_eq!(append(b"", kind, value).as_deref(), Ok(expected), "{kind} {value}");
    }
}

#[test]
fn values_come_back_as_they_were_written() {
    let large = "123456789012345678901234567890123456789012345678901234567890";
    for (kind, value) in [
        ("s", "grüße"),
        ("sb", "00FF10"),
        ("m", large),
        ("m", "-340282366920938463463374607431768211456"),
        ("m", "1000000000000000000"),
        ("m", "0"),
        ("i", "4294967295"),
        ("l", "9223372036854775808"),
        ("b", "255"),
        ("f", "true"),
        ("f", "false"),
    ] {
        let payload = append(b"", kind, value).unwrap();
        assert_eq!(read_text(&payload, &format!("%{kind}")).as_deref(), Ok(value), "{kind}");
    }
}

#[test]
fn hexadecimal_and_decimal_mpints_are_the_same() {
    let decimal = append(b"", "m", "1208925819614629174706175").unwrap();
    assert_eq!(append(b"", "m", "0xffffffffffffffffffff").as_ref(), Ok(&decimal));
    assert_eq!(decimal.len(), 4 + 11);
}

#[test]
fn bad_values_and_types_are_refused() {
    for (kind, value) in [
        ("i", "4294967296"),
        ("i", "-2147483649"),
        ("i", "12x"),
        ("i", ""),
        ("i", "+-1"),
        ("l", "18446744073709551616"),
        ("b", "256"),
        ("b", "-1"),
        ("f", "maybe"),
        ("sb", "A1B"),
        ("sb", "zz"),
        ("m", ""),
        ("m", "1.5"),
        ("m", "0xg"),
        ("z", "1"),
        ("", "1"),
    ] {
        let failure = append(b"\x01", kind, value).unwrap_err();
        assert_eq!(failure.code, 10022, "{kind} {value}");
    }
}

#[test]
fn fields_of_a_complete_request() {
    let payload = request(
        "pty-req",
        &[
            ("s", "vt100"),
            ("i", "80"),
            ("i", "24"),
            ("i", "640"),
            ("i", "480"),
            ("sb", "0100000003800000960000"),
        ],
    );
    for (field, expected) in [
        ("ChannelId", "7"),
        ("requesttype", "pty-req"),
        ("WantsReply", "true"),
        ("TerminalType", "vt100"),
        ("TERMINALWIDTHCHARACTERS", "80"),
        ("TerminalHeightRows", "24"),
        ("TerminalWidthPixels", "640"),
        ("TerminalHeightPixels", "480"),
        ("%s,i,i", "24"),
        ("%s,i,i,i,i,sb", "0100000003800000960000"),
    ] {
        assert_eq!(read_text(&payload, field).as_deref(), Ok(expected), "{field}");
    }
    let modes = read_bytes(&payload, "TerminalModes").unwrap();
    assert_eq!(modes, [1, 0, 0, 0, 3, 0x80, 0, 0, 0x96, 0, 0]);
    assert_eq!(read_bytes(&payload, "TerminalHeightRows").unwrap(), [0, 0, 0, 24]);
}

#[test]
fn fields_of_every_known_request() {
    for (kind, fields, name, expected) in [
        ("x11-req", X11, "X11AuthProtocol", "MIT-MAGIC-COOKIE-1"),
        ("x11-req", X11, "X11AuthCookie", "a1b2"),
        ("x11-req", X11, "X11ScreenNumber", "3"),
        ("x11-req", X11, "SingleConnection", "false"),
        ("env", &[("s", "LANG"), ("s", "C")], "VariableName", "LANG"),
        ("env", &[("s", "LANG"), ("s", "C")], "VariableValue", "C"),
        ("exec", &[("s", "ls -l")], "Command", "ls -l"),
        ("subsystem", &[("s", "sftp")], "Subsystem", "sftp"),
        ("xon-xoff", &[("f", "true")], "ClientCanDo", "true"),
        ("signal", &[("s", "INT")], "SignalName", "INT"),
        ("exit-status", &[("i", "1")], "ExitStatus", "1"),
        (
            "exit-signal",
            &[("s", "KILL"), ("f", "1"), ("s", "gone"), ("s", "en")],
            "SignalName",
            "KILL",
        ),
        (
            "exit-signal",
            &[("s", "KILL"), ("f", "1"), ("s", "gone"), ("s", "en")],
            "CoreDumped",
            "true",
        ),
        (
            "window-change",
            &[("i", "100"), ("i", "40"), ("i", "0"), ("i", "0")],
            "TerminalHeightRows",
            "40",
        ),
        ("break", &[("i", "500")], "BreakLength", "500"),
    ] {
        let complete = request(kind, fields);
        assert_eq!(read_text(&complete, name).as_deref(), Ok(expected), "{kind} {name}");
        let bare = build(fields);
        assert_eq!(read_text(&bare, name).as_deref(), Ok(expected), "bare {kind} {name}");
    }
}

#[test]
fn fields_of_channel_opens() {
    let payload = build(&[("s", "example.org"), ("i", "80"), ("s", "10.0.0.1"), ("i", "4711")]);
    for (field, expected) in [
        ("HostToConnect", "example.org"),
        ("PortToConnect", "80"),
        ("ConnectedAddress", "example.org"),
        ("OriginatorAddress", "10.0.0.1"),
        ("OriginatorPort", "4711"),
        ("%s,i,s,i", "4711"),
    ] {
        assert_eq!(read_text(&payload, field).as_deref(), Ok(expected), "{field}");
    }
    let x11 = build(&[("s", "10.0.0.1"), ("i", "6000")]);
    assert_eq!(read_text(&x11, "OriginatorPort").as_deref(), Ok("6000"));
}

#[test]
fn the_example_of_the_reference_gives_the_protocol() {
    for flag in ["false", "true"] {
        let mut fields = X11.to_vec();
        fields[0].1 = flag;
        for payload in [request("x11-req", &fields), build(&fields)] {
            for list in ["%s,f", "%f,s", "% F , S"] {
                let read = read_text(&payload, list);
                assert_eq!(read.as_deref(), Ok("MIT-MAGIC-COOKIE-1"), "{list} {flag}");
            }
        }
    }
}

#[test]
fn a_list_of_an_unknown_request_is_taken_literally() {
    let payload = request("x@example.org", &[("s", "a"), ("f", "true")]);
    assert_eq!(read_text(&payload, "%s,f").as_deref(), Ok("true"));
    assert!(read_text(&payload, "%s,f,b").is_err());
}

#[test]
fn what_is_not_there_is_an_error() {
    let complete = request("exec", &[("s", "ls")]);
    for (payload, field) in [
        (&complete[..], "VariableName"),
        (&complete, "%s,s"),
        (&complete, "%"),
        (&complete, "%q"),
        (&complete, ""),
        (&complete[..9], "ChannelId"),
        (b"", "Command"),
        (b"\x00\x00\x00\x05ab", "Command"),
        (b"\xff\xff\xff\xff", "%s"),
        (b"\x00\x00\x00\x02ab", "Command2"),
    ] {
        let failure = read_text(payload, field).unwrap_err();
        assert_eq!(failure.code, 10022, "{field}");
    }
}

#[test]
fn numbers_are_turned_into_digits_up_to_a_length() {
    let mut payload = (8193_u32).to_be_bytes().to_vec();
    payload.resize(4 + 8193, 1);
    assert!(read_text(&payload, "%m").unwrap_err().message.contains("8192"));
    assert_eq!(read_bytes(&payload, "%m").map(|bytes| bytes.len()), Ok(8193));
    let longest = [&(8192_u32).to_be_bytes()[..], &[1; 8192]].concat();
    let digits = read_text(&longest, "%m").unwrap();
    assert_eq!(append(&[], "m", &digits), Ok(longest));
    assert!(append(&[], "m", &"9".repeat(30_000)).is_err());
    assert!(append(&[], "m", &format!("0x{}", "11".repeat(8193))).is_err());
}
