use bytes::Bytes;

use super::*;
use crate::sftp::intake::Intake;
use crate::wire::Writer;

fn packet(body: &[u8]) -> Packet {
    let mut intake = Intake::default();
    intake.push([&u32::try_from(body.len()).unwrap().to_be_bytes()[..], body].concat().into());
    intake.next_packet().unwrap().unwrap()
}

/// A request with the id 9.
fn body(number: u8, fill: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
    let mut body = Vec::new();
    fill(Writer::new(&mut body).u8(number).u32(9));
    body
}

fn handle(writer: &mut Writer<'_>) {
    writer.string(5_u64.to_be_bytes());
}

fn attributes(writer: &mut Writer<'_>) {
    writer.u32(4).u32(0o644);
}

fn named(name: &str, fill: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
    body(packet::EXTENDED, |writer| fill(writer.string(name)))
}

/// Every kind of request, and what its `Debug` begins with.
fn all() -> Vec<(&'static str, Vec<u8>)> {
    let two = |writer: &mut Writer<'_>| {
        writer.string("a").string("b");
    };
    vec![
        ("Open", body(3, |writer| attributes(writer.string("a").u32(0x3f)))),
        ("Close", body(4, handle)),
        (
            "Read",
            body(5, |writer| {
                handle(writer);
                writer.u64(1).u32(2);
            }),
        ),
        (
            "Write",
            body(6, |writer| {
                handle(writer);
                writer.u64(1).string("data");
            }),
        ),
        ("LStat", body(7, |writer| _ = writer.string("a"))),
        ("FStat", body(8, handle)),
        ("SetStat", body(9, |writer| attributes(writer.string("a")))),
        (
            "FSetStat",
            body(10, |writer| {
                handle(writer);
                attributes(writer);
            }),
        ),
        ("OpenDir", body(11, |writer| _ = writer.string("a"))),
        ("ReadDir", body(12, handle)),
        ("Remove", body(13, |writer| _ = writer.string("a"))),
        ("MkDir", body(14, |writer| attributes(writer.string("a")))),
        ("RmDir", body(15, |writer| _ = writer.string("a"))),
        ("RealPath", body(16, |writer| _ = writer.string("."))),
        ("Stat", body(17, |writer| _ = writer.string("a"))),
        ("Rename", body(18, two)),
        ("ReadLink", body(19, |writer| _ = writer.string("a"))),
        ("SymLink { target: b\"a\"", body(20, two)),
        ("Extended(PosixRename", named("posix-rename@openssh.com", two)),
        ("Extended(StatVfs", named("statvfs@openssh.com", |writer| _ = writer.string("a"))),
        ("Extended(FStatVfs", named("fstatvfs@openssh.com", handle)),
        ("Extended(HardLink", named("hardlink@openssh.com", two)),
        ("Extended(Fsync", named("fsync@openssh.com", handle)),
        (
            "Extended(LSetStat",
            named("lsetstat@openssh.com", |writer| {
                attributes(writer.string("a"));
            }),
        ),
        (
            "Extended(ExpandPath",
            named("expand-path@openssh.com", |writer| {
                writer.string("~");
            }),
        ),
        (
            "Extended(CopyData",
            named("copy-data", |writer| {
                handle(writer);
                writer.u64(1).u64(2);
                handle(writer);
                writer.u64(3);
            }),
        ),
        ("Extended(HomeDirectory", named("home-directory", |writer| _ = writer.string("u"))),
        (
            "Extended(UsersGroupsById",
            named("users-groups-by-id@openssh.com", |writer| {
                writer.string([0, 0, 0, 1]).string([0, 0, 0, 2]);
            }),
        ),
    ]
}

#[test]
fn each_request_is_decoded_and_cut_anywhere_is_a_bad_message() {
    for (name, body) in all() {
        let request = packet(&body).request().unwrap();
        assert_eq!(request.id, 9);
        let shown = format!("{:?}", request.operation.unwrap());
        assert!(shown.starts_with(name), "{shown}");
        for len in 1..body.len() {
            let cut = packet(&body[..len]).request();
            if len < 5 {
                assert_eq!(cut.unwrap_err(), BadPacket::NoId(body[0]), "{name}");
            } else {
                let status = cut.unwrap().operation.unwrap_err();
                // A name of an extension that is cut is malformed, and so is everything else.
                assert_eq!(status, Status::BadMessage, "{name} {len}");
            }
        }
    }
    let limits = packet(&named("limits@openssh.com", |_| {})).request().unwrap().operation;
    assert!(matches!(limits, Ok(Operation::Extended(Extended::Limits))));
}

#[test]
fn what_is_unknown_is_unsupported() {
    for body in [body(21, |_| {}), body(101, |_| {}), body(1, |_| {}), named("x@y", |_| {})] {
        let request = packet(&body).request().unwrap();
        assert_eq!((request.id, request.operation.unwrap_err()), (9, Status::Unsupported));
    }
}

#[test]
fn a_write_that_is_wrong_about_its_length_is_a_bad_message() {
    for claimed in [0_u32, 3, 5, u32::MAX] {
        let body = body(packet::WRITE, |writer| {
            handle(writer);
            writer.u64(0).u32(claimed).raw(b"data");
        });
        let operation = packet(&body).request().unwrap().operation;
        assert_eq!(operation.unwrap_err(), Status::BadMessage);
    }
}

#[test]
fn handles_of_others_and_paths_that_name_nothing_are_refused() {
    for (status, body) in [
        (Status::Failure, body(packet::CLOSE, |writer| _ = writer.string("0"))),
        (Status::Failure, body(packet::CLOSE, |writer| _ = writer.string([0; 9]))),
        (
            Status::Failure,
            body(packet::WRITE, |writer| {
                writer.string([0; 256]).u64(0).string("data");
            }),
        ),
        (Status::BadMessage, body(packet::WRITE, |writer| _ = writer.string([0; 300]))),
        (Status::NoSuchFile, body(packet::STAT, |writer| _ = writer.string("a\0b"))),
        (
            Status::NoSuchFile,
            body(packet::STAT, |writer| {
                writer.string(vec![b'a'; MAX_SFTP_PATH_LEN + 1]);
            }),
        ),
        (
            Status::BadMessage,
            named("users-groups-by-id@openssh.com", |writer| {
                writer.string([0; 6]).string("");
            }),
        ),
        (
            Status::BadMessage,
            named("users-groups-by-id@openssh.com", |writer| {
                writer.string(vec![0; 4 * (MAX_SFTP_IDS + 1)]).string("");
            }),
        ),
    ] {
        assert_eq!(packet(&body).request().unwrap().operation.unwrap_err(), status);
    }
}

#[test]
fn a_session_begins_with_init() {
    assert_eq!(packet(&[1, 0, 0, 0, 6, b'x']).init(), Ok(6));
    assert_eq!(packet(&[1, 0, 0, 0]).init(), Err(BadPacket::NoVersion));
    assert_eq!(packet(&[17, 0, 0, 0, 3]).init(), Err(BadPacket::NotInit(17)));
    let data = Bytes::from_static(b"x");
    let mut write = Data::default();
    write.push(data);
    assert_eq!((write.len(), write.is_empty(), write.slices().count()), (1, false, 1));
}
