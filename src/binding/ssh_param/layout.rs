//! The fields of the known channel requests and channel opens, and how each type of field is
//! encoded (RFC 4251 section 5). A request type is one row.

use crate::binding::errors::{Failure, shown};

/// How a field is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wire {
    /// `s`: a string shown as text.
    Text,
    /// `sb`: a string shown in hexadecimal.
    Hex,
    /// `m`
    Mpint,
    /// `i`
    Int32,
    /// `l`
    Int64,
    /// `b`
    Byte,
    /// `f`
    Flag,
}

impl Wire {
    /// From the documented letter.
    pub(super) fn parse(letter: &str) -> Result<Self, Failure> {
        Ok(match letter.trim().to_ascii_lowercase().as_str() {
            "s" => Self::Text,
            "sb" => Self::Hex,
            "m" => Self::Mpint,
            "i" => Self::Int32,
            "l" => Self::Int64,
            "b" => Self::Byte,
            "f" => Self::Flag,
            _ => {
                return Err(Failure::invalid(format!("There is no field type {}.", shown(letter))));
            }
        })
    }

    /// The field at the front of `data`, and what follows it.
    pub(super) fn take(self, data: &[u8]) -> Option<(&[u8], &[u8])> {
        let len = match self {
            Self::Text | Self::Hex | Self::Mpint => {
                let (len, rest) = data.split_first_chunk()?;
                let len = usize::try_from(u32::from_be_bytes(*len)).ok()?;
                return rest.split_at_checked(len);
            }
            Self::Int32 => 4,
            Self::Int64 => 8,
            Self::Byte | Self::Flag => 1,
        };
        data.split_at_checked(len)
    }

    /// Whether both are the same bytes on the wire.
    fn is_like(self, other: Self) -> bool {
        let plain = |wire| if wire == Self::Hex { Self::Text } else { wire };
        plain(self) == plain(other)
    }
}

/// The type-specific data of a request or of an open.
#[derive(Debug)]
pub(super) struct Layout {
    kind: &'static str,
    pub(super) fields: &'static [(&'static str, Wire)],
}

use Wire::{Flag, Int32, Text};

/// RFC 4254 sections 6 and 7, RFC 4335 for `break`.
static REQUESTS: &[Layout] = &[
    Layout {
        kind: "pty-req",
        fields: &[
            ("TerminalType", Text),
            ("TerminalWidthCharacters", Int32),
            ("TerminalHeightRows", Int32),
            ("TerminalWidthPixels", Int32),
            ("TerminalHeightPixels", Int32),
            ("TerminalModes", Text),
        ],
    },
    Layout {
        kind: "x11-req",
        fields: &[
            ("SingleConnection", Flag),
            ("X11AuthProtocol", Text),
            ("X11AuthCookie", Text),
            ("X11ScreenNumber", Int32),
        ],
    },
    Layout { kind: "env", fields: &[("VariableName", Text), ("VariableValue", Text)] },
    Layout { kind: "exec", fields: &[("Command", Text)] },
    Layout { kind: "subsystem", fields: &[("Subsystem", Text)] },
    Layout { kind: "xon-xoff", fields: &[("ClientCanDo", Flag)] },
    Layout { kind: "signal", fields: &[("SignalName", Text)] },
    Layout {
        kind: "window-change",
        fields: &[
            ("TerminalWidthCharacters", Int32),
            ("TerminalHeightRows", Int32),
            ("TerminalWidthPixels", Int32),
            ("TerminalHeightPixels", Int32),
        ],
    },
    Layout { kind: "exit-status", fields: &[("ExitStatus", Int32)] },
    Layout {
        kind: "exit-signal",
        fields: &[
            ("SignalName", Text),
            ("CoreDumped", Flag),
            ("ErrorMessage", Text),
            ("LanguageTag", Text),
        ],
    },
    Layout { kind: "break", fields: &[("BreakLength", Int32)] },
];

static OPENS: &[Layout] = &[
    Layout {
        kind: "direct-tcpip",
        fields: &[
            ("HostToConnect", Text),
            ("PortToConnect", Int32),
            ("OriginatorAddress", Text),
            ("OriginatorPort", Int32),
        ],
    },
    Layout {
        kind: "forwarded-tcpip",
        fields: &[
            ("ConnectedAddress", Text),
            ("ConnectedPort", Int32),
            ("OriginatorAddress", Text),
            ("OriginatorPort", Int32),
        ],
    },
    Layout { kind: "x11", fields: &[("OriginatorAddress", Text), ("OriginatorPort", Int32)] },
];

/// Every layout.
pub(super) fn all() -> impl Iterator<Item = &'static Layout> {
    REQUESTS.iter().chain(OPENS)
}

/// The layout of a request type.
pub(super) fn of_request(kind: &str) -> Option<&'static Layout> {
    REQUESTS.iter().find(|layout| layout.kind == kind)
}

/// The only request type that the type-specific data fits.
pub(super) fn fitting_request(data: &[u8]) -> Option<&'static Layout> {
    let mut fitting = REQUESTS.iter().filter(|layout| layout.fits(data));
    fitting.next().filter(|_| fitting.next().is_none())
}

impl Layout {
    /// The position of a field.
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        let same = |field: &(&str, Wire)| field.0.eq_ignore_ascii_case(name);
        self.fields.iter().position(same)
    }

    /// Whether the fields are all of `data`.
    pub(super) fn fits(&self, data: &[u8]) -> bool {
        let mut rest = data;
        for (_, wire) in self.fields {
            let Some((_, after)) = wire.take(rest) else {
                return false;
            };
            rest = after;
        }
        rest.is_empty()
    }

    /// Whether the first fields are of these types.
    pub(super) fn begins_with(&self, wires: impl ExactSizeIterator<Item = Wire>) -> bool {
        wires.len() <= self.fields.len()
            && wires.zip(self.fields).all(|(wire, (_, field))| wire.is_like(*field))
    }
}
