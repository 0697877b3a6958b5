//! Reads and writes the fields of SSH payloads for programs: getSSHParam, getSSHParamBytes and
//! setSSHParam. A payload is a complete channel request (it begins with byte 98) or only its
//! type-specific data (which cannot begin so); a field is a documented name, or `%` and a list of
//! types. Pure functions: an error leaves the caller's payload as it was.

mod layout;
mod number;

#[cfg(test)]
mod tests;

use layout::{Layout, Wire};

use super::errors::{Failure, shown};
use crate::limits::MAX_DECIMAL_LEN;
use crate::wire::messages::SSH_MSG_CHANNEL_REQUEST;

/// One field as it was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Value<'a> {
    wire: Wire,
    /// Without the length of a string.
    bytes: &'a [u8],
}

/// getSSHParam: the field as text.
pub(super) fn read_text(payload: &[u8], field: &str) -> Result<String, Failure> {
    let value = find(payload, field)?;
    Ok(match value.wire {
        Wire::Text => String::from_utf8_lossy(value.bytes).into_owned(),
        Wire::Hex => number::to_hex(value.bytes),
        // The time for this grows with the square of the length, which a client chooses.
        Wire::Mpint if value.bytes.len() > MAX_DECIMAL_LEN => return Err(too_long()),
        Wire::Mpint => number::mpint_to_decimal(value.bytes),
        Wire::Int32 | Wire::Int64 | Wire::Byte => number::unsigned(value.bytes).to_string(),
        Wire::Flag => (value.bytes != [0]).to_string(),
    })
}

/// getSSHParamBytes: the field's bytes, for a string without its length.
pub(super) fn read_bytes(payload: &[u8], field: &str) -> Result<Vec<u8>, Failure> {
    Ok(find(payload, field)?.bytes.to_vec())
}

/// setSSHParam: `payload` with one more field at its end.
pub(super) fn append(payload: &[u8], field_type: &str, value: &str) -> Result<Vec<u8>, Failure> {
    let wire = Wire::parse(field_type)?;
    let text = value.trim();
    let bad = |what: &str| Failure::invalid(format!("{} is not {what}.", shown(value)));
    let mut out = payload.to_vec();
    match wire {
        Wire::Text => put_string(&mut out, value.as_bytes())?,
        Wire::Hex => {
            let bytes = number::from_hex(text).ok_or_else(|| bad("hexadecimal"))?;
            put_string(&mut out, &bytes)?;
        }
        Wire::Mpint => {
            let bytes = number::mpint(text).ok_or_else(|| bad("a number"))?;
            if bytes.len() > MAX_DECIMAL_LEN {
                return Err(too_long());
            }
            put_string(&mut out, &bytes)?;
        }
        Wire::Int32 => {
            let bytes = number::int32(text).ok_or_else(|| bad("a 32-bit integer"))?;
            out.extend_from_slice(&bytes);
        }
        Wire::Int64 => {
            let bytes = number::int64(text).ok_or_else(|| bad("a 64-bit integer"))?;
            out.extend_from_slice(&bytes);
        }
        Wire::Byte => out.push(number::byte(text).ok_or_else(|| bad("a byte"))?),
        Wire::Flag => {
            let flag = super::settings::parse_bool(text).ok_or_else(|| bad("true or false"))?;
            out.push(u8::from(flag));
        }
    }
    Ok(out)
}

fn too_long() -> Failure {
    Failure::invalid(format!("The number is longer than {MAX_DECIMAL_LEN} bytes."))
}

fn put_string(out: &mut Vec<u8>, bytes: &[u8]) -> Result<(), Failure> {
    let len = u32::try_from(bytes.len()).map_err(|_| Failure::invalid("The value is too long."))?;
    out.extend_from_slice(&len.to_be_bytes());
    out.extend_from_slice(bytes);
    Ok(())
}

fn find<'a>(payload: &'a [u8], field: &str) -> Result<Value<'a>, Failure> {
    let field = field.trim();
    match Request::parse(payload)? {
        Some(request) => match field.strip_prefix('%') {
            Some(list) => walk_list(request.data, list, layout::of_request(&request.kind)),
            None => request.field(field),
        },
        None => match field.strip_prefix('%') {
            Some(list) => walk_list(payload, list, layout::fitting_request(payload)),
            None => bare_field(payload, field),
        },
    }
}

/// `byte 98 | uint32 recipient_channel | string request_type | boolean want_reply | ..`
struct Request<'a> {
    channel: &'a [u8],
    kind: String,
    kind_bytes: &'a [u8],
    wants_reply: &'a [u8],
    data: &'a [u8],
}

impl<'a> Request<'a> {
    /// `None` when the payload is type-specific data only.
    fn parse(payload: &'a [u8]) -> Result<Option<Self>, Failure> {
        let Some((&SSH_MSG_CHANNEL_REQUEST, rest)) = payload.split_first() else {
            return Ok(None);
        };
        let (channel, rest) = Wire::Int32.take(rest).ok_or_else(too_short)?;
        let (kind, rest) = Wire::Text.take(rest).ok_or_else(too_short)?;
        let (wants_reply, data) = Wire::Flag.take(rest).ok_or_else(too_short)?;
        Ok(Some(Self {
            channel,
            kind: String::from_utf8_lossy(kind).into_owned(),
            kind_bytes: kind,
            wants_reply,
            data,
        }))
    }

    fn field(&self, name: &str) -> Result<Value<'a>, Failure> {
        let value = |wire, bytes| Ok(Value { wire, bytes });
        if name.eq_ignore_ascii_case("ChannelId") {
            return value(Wire::Int32, self.channel);
        }
        if name.eq_ignore_ascii_case("RequestType") {
            return value(Wire::Text, self.kind_bytes);
        }
        if name.eq_ignore_ascii_case("WantsReply") {
            return value(Wire::Flag, self.wants_reply);
        }
        let layout = layout::of_request(&self.kind);
        let at = layout.and_then(|layout| layout.position(name));
        let (Some(layout), Some(at)) = (layout, at) else {
            let kind = &self.kind;
            return Err(Failure::invalid(format!(
                "A {} request has no field {}.",
                shown(kind),
                shown(name)
            )));
        };
        let wires = layout.fields.iter().take(at.saturating_add(1));
        walk(self.data, wires.map(|(_, wire)| *wire))
    }
}

/// A field of type-specific data: of the first layout that has the field and fits all of the data.
fn bare_field<'a>(data: &'a [u8], name: &str) -> Result<Value<'a>, Failure> {
    let mut known = false;
    for layout in layout::all() {
        let Some(at) = layout.position(name) else {
            continue;
        };
        known = true;
        if layout.fits(data) {
            let wires = layout.fields.iter().take(at.saturating_add(1));
            return walk(data, wires.map(|(_, wire)| *wire));
        }
    }
    Err(if known {
        Failure::invalid(format!("The payload does not fit the field {}.", shown(name)))
    } else {
        Failure::invalid(format!("There is no field {}.", shown(name)))
    })
}

/// The last field of a `%` list. The list is in the order of the wire; where the layout is known and
/// only the reverse of the list fits it, the reverse is meant (the reference's own example for the
/// X11AuthProtocol of an x11-req is "%s,f", and the wire has f, s).
fn walk_list<'a>(
    data: &'a [u8],
    list: &str,
    layout: Option<&'static Layout>,
) -> Result<Value<'a>, Failure> {
    let mut wires = Vec::new();
    for name in list.split(',') {
        wires.push(Wire::parse(name)?);
    }
    if let Some(layout) = layout
        && !layout.begins_with(wires.iter().copied())
        && layout.begins_with(wires.iter().rev().copied())
    {
        wires.reverse();
    }
    walk(data, wires.into_iter())
}

fn walk(data: &[u8], wires: impl Iterator<Item = Wire>) -> Result<Value<'_>, Failure> {
    let mut rest = data;
    let mut last = None;
    for wire in wires {
        let (bytes, after) = wire.take(rest).ok_or_else(too_short)?;
        last = Some(Value { wire, bytes });
        rest = after;
    }
    last.ok_or_else(|| Failure::invalid("No field is named."))
}

fn too_short() -> Failure {
    Failure::invalid("The payload ends before the field.")
}
