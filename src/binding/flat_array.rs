//! The flat array in which a batch of events goes to JavaScript, and how values get into it.

use bytes::Bytes;
use napi::Env;
use napi::bindgen_prelude::{Array, Null, ToNapiValue, Uint8Array, Uint8ArraySlice};

use super::memory;

/// Shorter data is copied: an external buffer costs more than the copy. Longer data keeps its memory alive:
/// a block, or a copy of its own.
const COPIED_LEN: usize = 4 * 1024;

/// An array that is being filled.
pub(super) struct FlatArray<'env> {
    env: &'env Env,
    array: Array<'env>,
    len: u32,
}

impl<'env> FlatArray<'env> {
    pub(super) fn new(env: &'env Env) -> napi::Result<Self> {
        Ok(Self { env, array: env.create_array(0)?, len: 0 })
    }

    pub(super) fn finish(self) -> Array<'env> {
        self.array
    }

    fn put_value<T: ToNapiValue>(&mut self, value: T) -> napi::Result<()> {
        self.array.set(self.len, value)?;
        self.len = self.len.saturating_add(1);
        Ok(())
    }
}

/// A value of an event.
pub(super) trait Field {
    fn put(self, array: &mut FlatArray<'_>) -> napi::Result<()>;
}

macro_rules! plain_fields {
    ($($type:ty),*) => {
        $(impl Field for $type {
            fn put(self, array: &mut FlatArray<'_>) -> napi::Result<()> {
                array.put_value(self)
            }
        })*
    };
}

plain_fields!(bool, u8, u16, u32, i32, &str, String);

/// The number of a connection or another counter: below 2^53.
impl Field for u64 {
    fn put(self, array: &mut FlatArray<'_>) -> napi::Result<()> {
        array.put_value(i64::try_from(self).unwrap_or(i64::MAX))
    }
}

/// `null` for none.
impl<T: Field> Field for Option<T> {
    fn put(self, array: &mut FlatArray<'_>) -> napi::Result<()> {
        match self {
            Some(value) => value.put(array),
            None => array.put_value(Null),
        }
    }
}

/// Bytes that the engine may still have: JavaScript gets a copy.
pub(super) struct Copied<'a>(pub(super) &'a [u8]);

impl Field for Copied<'_> {
    fn put(self, array: &mut FlatArray<'_>) -> napi::Result<()> {
        let copy = Uint8ArraySlice::copy_from(array.env, self.0)?;
        array.put_value(copy)
    }
}

/// A request as the program sees it: its channel number is the one that the other calls take.
pub(super) struct Packet<'a> {
    pub(super) packet: &'a [u8],
    pub(super) channel: u64,
}

impl Field for Packet<'_> {
    fn put(self, array: &mut FlatArray<'_>) -> napi::Result<()> {
        // byte SSH_MSG_CHANNEL_REQUEST | uint32 recipient_channel | ..
        let mut own = self.packet.to_vec();
        if let (Some(recipient), Ok(channel)) = (own.get_mut(1..5), u32::try_from(self.channel)) {
            recipient.copy_from_slice(&channel.to_be_bytes());
        }
        Copied(&own).put(array)
    }
}

/// Data of a channel, which is in memory of its own (`Gather::freeze`): a large one is lent.
impl Field for Bytes {
    fn put(self, array: &mut FlatArray<'_>) -> napi::Result<()> {
        if self.len() <= COPIED_LEN {
            return Copied(&self).put(array);
        }
        memory::shrink_later();
        let (start, len) = (self.as_ptr().cast_mut(), self.len());
        // SAFETY: `start` and `len` are those of the bytes, which the closure keeps alive until the
        // array buffer is collected, and nothing takes the memory back before. JavaScript may write to
        // them: they are the only handle to this memory, because the engine makes a copy or a block of
        // what it delivers and keeps neither.
        let lent = unsafe { Uint8Array::with_external_data(start, len, move |_, _| drop(self)) };
        array.put_value(lent)
    }
}
