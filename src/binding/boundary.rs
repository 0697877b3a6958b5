//! Everything that crosses the boundary to JavaScript by number, stated once: the kinds of event with their
//! fields, in the order in which they follow the kind in the flat array of a batch, and the numbers of
//! enums. The types with which `events.rs` fills a batch come from this table, and so does
//! `lib/boundary.js`, by which the facade reads one: no number or position is written by hand. A test
//! compares that file with the table; with `SSHSERVER_WRITE_BOUNDARY=1` in its environment the test writes
//! it.

use super::flat_array::{Field, FlatArray};
use crate::driver::EventKind;

/// The earlier events that the events of a kind wait for.
#[cfg(test)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Lane {
    /// Nothing: they belong to no connection yet, or must never wait.
    None,
    /// The earlier events of their connection that belong to no channel.
    Connection,
    /// The earlier events of their channel, or of their tunnel, which has a number like a channel.
    Channel,
}

/// One kind of event.
#[cfg(test)]
struct Kind {
    name: &'static str,
    number: u8,
    /// `None` for a kind that has no listeners.
    event: Option<&'static str>,
    lane: Lane,
    fields: &'static [&'static str],
}

/// One event as its kind and its fields.
pub(super) trait Row {
    fn put(self, array: &mut FlatArray<'_>) -> napi::Result<()>;
}

macro_rules! kinds {
    (
        events { $($event:literal $name:ident $lane:ident { $($field:ident),* })* }
        facade { $($facade_event:literal $facade:ident)* }
        others { $($other:ident $other_lane:ident { $($other_field:ident),* })* }
    ) => {
        /// The kinds that are no documented events.
        #[derive(Debug, Clone, Copy)]
        #[repr(u8)]
        enum Other {
            $($other),*
        }

        $(kinds!(@row $name (EventKind::$name as u8) { $($field),* });)*
        $(kinds!(@row $other (EventKind::COUNT + Other::$other as u8) { $($other_field),* });)*

        #[cfg(test)]
        static KINDS: &[Kind] = &[
            $(Kind {
                name: stringify!($name),
                number: EventKind::$name as u8,
                event: Some($event),
                lane: Lane::$lane,
                fields: &[$(stringify!($field)),*],
            },)*
            $(Kind {
                name: stringify!($facade),
                number: EventKind::$facade as u8,
                event: Some($facade_event),
                lane: Lane::None,
                fields: &[],
            },)*
            $(Kind {
                name: stringify!($other),
                number: EventKind::COUNT + Other::$other as u8,
                event: None,
                lane: Lane::$other_lane,
                fields: &[$(stringify!($other_field)),*],
            },)*
        ];
    };
    (@row $name:ident ($number:expr) { $($field:ident),* }) => {
        #[allow(non_camel_case_types, reason = "the type of a field has the field's name")]
        pub(super) struct $name<$($field),*> {
            $(pub(super) $field: $field),*
        }

        #[allow(non_camel_case_types, reason = "the type of a field has the field's name")]
        impl<$($field: Field),*> Row for $name<$($field),*> {
            fn put(self, array: &mut FlatArray<'_>) -> napi::Result<()> {
                ($number).put(array)?;
                $(self.$field.put(array)?;)*
                Ok(())
            }
        }
    };
}

kinds! {
    events {
        "Connected" Connected Connection { question, connection }
        "ConnectionRequest" ConnectionRequest None { question, address, port, accept }
        "Disconnected" Disconnected Connection { connection, code, message }
        "Error" Error Connection { connection, code, message }
        "Log" Log None { connection, level, message, log_type }
        "SSHChannelClosed" ChannelClosed Channel { connection, channel, connection_over }
        "SSHChannelDataIn" ChannelData Channel { connection, channel, bytes, data_type }
        "SSHChannelEOF" ChannelEof Channel { connection, channel }
        "SSHChannelOpened" ChannelOpened Channel { connection, channel }
        "SSHChannelOpenRequest" ChannelOpenRequest Channel {
            question, connection, channel, service, parameters
        }
        "SSHChannelReadyToSend" ChannelReadyToSend Channel { connection, channel }
        "SSHChannelRequest" ChannelRequest Channel {
            question, connection, channel, request_type, packet
        }
        "SSHServiceRequest" ServiceRequest Connection { question, connection, service, accept }
        "SSHStatus" Status Connection { connection, message }
        "SSHTunnelClosed" TunnelClosed Channel { connection, channel, address, port }
        "SSHTunnelRequested" TunnelRequested Channel {
            question, connection, channel, direction, address, port
        }
        "SSHUserAuthRequest" UserAuthRequest Connection {
            question, connection, user, service, auth_method, auth_param, auth_param_b,
            available_methods, key_algorithm, signed, user_verified, partial_successes,
            gss_local_name, gss_mechanism, gss_delegated
        }
    }
    facade {
        "SSHChannelRequested" ChannelRequested
    }
    others {
        OpDone None { op, code, message, value }
        Activity None { active }
        ConnectedFailed None { code, message }
    }
}

#[cfg(test)]
mod javascript {
    use std::collections::HashSet;
    use std::path::Path;

    use super::super::codepage::Memory;
    use super::super::errors;
    use super::*;
    use crate::driver::Direction;

    /// Numbers by name, as `lib/boundary.js` has them.
    type Numbers = Vec<(String, u32)>;

    fn enums() -> Vec<(&'static str, &'static str, Numbers)> {
        let row = |name: &str, number: u8| (constant(name), u32::from(number));
        vec![
            (
                "KIND",
                "The kinds of event; those of documented events are their bits in the mask of listeners.",
                {
                    let mut kinds: Numbers =
                        KINDS.iter().map(|kind| row(kind.name, kind.number)).collect();
                    kinds.sort_by_key(|(_, number)| *number);
                    kinds
                },
            ),
            (
                "LANE",
                "What the events of a kind wait for: the earlier ones of nothing, their connection or their channel.",
                {
                    let lanes = [Lane::None, Lane::Connection, Lane::Channel];
                    lanes.map(|lane| row(&format!("{lane:?}"), lane as u8)).into()
                },
            ),
            ("DIRECTION", "Which way a tunnel leads.", {
                [Direction::Forward, Direction::Reverse]
                    .map(|way| row(&format!("{way:?}"), way as u8))
                    .into()
            }),
            ("MEMORY", "What the decoder of a code page remembers.", {
                [Memory::Utf8, Memory::Nothing, Memory::State]
                    .map(|it| row(&format!("{it:?}"), it as u8))
                    .into()
            }),
            ("CODE", "The documented numbers of errors that the facade makes or knows.", {
                errors::OF_FACADE
                    .iter()
                    .map(|(name, number)| ((*name).to_owned(), *number))
                    .collect()
            }),
        ]
    }

    /// `ChannelData` is `CHANNEL_DATA`.
    fn constant(name: &str) -> String {
        let mut constant = String::new();
        for (at, letter) in name.char_indices() {
            if at > 0 && letter.is_uppercase() {
                constant.push('_');
            }
            constant.extend(letter.to_uppercase());
        }
        constant
    }

    /// `auth_param` is `authParam`.
    fn property(field: &str) -> String {
        let mut words = field.split('_');
        let mut property = words.next().unwrap_or_default().to_owned();
        for word in words {
            let mut letters = word.chars();
            property.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
            property.push_str(letters.as_str());
        }
        property
    }

    /// `lib/boundary.js`.
    fn javascript() -> String {
        let mut kinds: Vec<&Kind> = KINDS.iter().collect();
        kinds.sort_by_key(|kind| kind.number);
        let mut text = String::from(HEAD);
        for (name, meaning, rows) in enums() {
            text.push_str(&format!("\n/** {meaning} */\nconst {name} = Object.freeze({{\n"));
            for (name, number) in rows {
                text.push_str(&format!("  {name}: {number},\n"));
            }
            text.push_str("});\n");
        }
        text.push_str("\n/** By their kinds: the names of the documented events. */\n");
        text.push_str("const EVENT_NAMES = Object.freeze([\n");
        for event in kinds.iter().filter_map(|kind| kind.event) {
            text.push_str(&format!("  '{event}',\n"));
        }
        text.push_str("]);\n");
        let column = |text: &mut String,
                      meaning: &str,
                      name: &str,
                      of: &dyn Fn(&Kind) -> String| {
            text.push_str(&format!("\n/** By kind: {meaning} */\nconst {name} = Uint8Array.of(\n"));
            for kind in &kinds {
                text.push_str(&format!("  {}, // {}\n", of(kind), constant(kind.name)));
            }
            text.push_str(");\n");
        };
        column(&mut text, "what its events wait for.", "LANE_OF", &|kind| {
            format!("LANE.{}", constant(&format!("{:?}", kind.lane)))
        });
        column(&mut text, "how many places of a batch an event takes.", "LENGTH_OF", &|kind| {
            (kind.fields.len() + 1).to_string()
        });
        let connection = "where the connection is in the places of an event; 0 if there is none.";
        column(&mut text, connection, "CONNECTION_AT", &|kind| {
            let at = kind.fields.iter().position(|field| *field == "connection");
            at.map_or(0, |at| at + 1).to_string()
        });
        text.push_str("\n/** By kind: reads the event that begins at a place of a batch. */\n");
        text.push_str("const READ = Object.freeze([\n");
        for kind in &kinds {
            text.push_str("  (batch, at) => ({\n    kind: batch[at],\n");
            for (at, field) in kind.fields.iter().enumerate() {
                text.push_str(&format!("    {}: batch[at + {}],\n", property(field), at + 1));
            }
            text.push_str("  }),\n");
        }
        text.push_str("]);\n");
        text.push_str("\n/** By kind: the names of the fields, in the order of a batch. */\n");
        text.push_str("const FIELDS = Object.freeze([\n");
        for kind in &kinds {
            let names: Vec<String> =
                kind.fields.iter().map(|it| format!("'{}'", property(it))).collect();
            text.push_str(&format!("  // prettier-ignore\n  [{}],\n", names.join(", ")));
        }
        text.push_str("]);\n");
        text.push_str(TAIL);
        text
    }

    const HEAD: &str = "'use strict';

// Written from src/binding/boundary.rs by `SSHSERVER_WRITE_BOUNDARY=1 cargo test --lib boundary`: change that.
";

    const TAIL: &str = "
module.exports = {
  KIND,
  LANE,
  DIRECTION,
  MEMORY,
  CODE,
  EVENT_NAMES,
  LANE_OF,
  LENGTH_OF,
  CONNECTION_AT,
  READ,
  FIELDS,
};
";

    #[test]
    fn the_facade_reads_what_the_table_says() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("lib/boundary.js");
        let written = javascript();
        if std::env::var_os("SSHSERVER_WRITE_BOUNDARY").is_some() {
            std::fs::write(&path, &written).unwrap();
        }
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(found == written, "{} is not what the table gives: see its head", path.display());
    }

    #[test]
    fn every_number_is_that_of_one_kind() {
        let numbers: HashSet<u8> = KINDS.iter().map(|kind| kind.number).collect();
        assert_eq!(numbers.len(), KINDS.len());
        assert!((0..EventKind::COUNT).all(|number| numbers.contains(&number)));
        let are_events =
            KINDS.iter().all(|kind| kind.event.is_some() == (kind.number < EventKind::COUNT));
        assert!(are_events);
    }

    #[test]
    fn what_waits_for_others_has_the_number_that_it_waits_by() {
        for kind in KINDS {
            let has = |field| kind.fields.contains(&field);
            assert!(kind.lane == Lane::None || has("connection"), "{}", kind.name);
            assert_eq!(kind.lane == Lane::Channel, has("channel"), "{}", kind.name);
        }
    }
}
