//! Skips an object in Java's serialization (the Object Serialization Stream Protocol), without building it:
//! a JCEKS store has secret keys in this form, with no length in front.

use crate::error::InvalidMessage;
use crate::limits::{MAX_JAVA_DEPTH, MAX_JAVA_HANDLES};
use crate::wire::Reader;

/// The number of the first handle.
const FIRST_HANDLE: u32 = 0x007e_0000;

const NULL: u8 = 0x70;
const REFERENCE: u8 = 0x71;
const CLASS: u8 = 0x72;
const OBJECT: u8 = 0x73;
const STRING: u8 = 0x74;
const ARRAY: u8 = 0x75;
const BLOCK_DATA: u8 = 0x77;
const END_BLOCK_DATA: u8 = 0x78;

/// Flags of a class.
const HAS_WRITE_METHOD: u8 = 0x01;
const SERIALIZABLE: u8 = 0x02;

/// The data is no object that can be skipped.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotSkipped;

impl From<InvalidMessage> for NotSkipped {
    fn from(_: InvalidMessage) -> Self {
        Self
    }
}

/// Takes one stream with one object.
pub(super) fn skip(reader: &mut Reader<'_>) -> Result<(), NotSkipped> {
    const MAGIC_AND_VERSION: u32 = 0xaced_0005;
    if reader.u32()? != MAGIC_AND_VERSION {
        return Err(NotSkipped);
    }
    Skipper { reader, handles: Vec::new() }.content(0)
}

struct Skipper<'r, 'a> {
    reader: &'r mut Reader<'a>,
    /// The classes by their handles; `None` for handles of anything else.
    handles: Vec<Option<Class>>,
}

#[derive(Clone)]
struct Class {
    name: String,
    flags: u8,
    /// The type codes of its fields, in order.
    fields: Vec<u8>,
    /// The handle of its superclass.
    parent: Option<usize>,
}

impl Skipper<'_, '_> {
    fn content(&mut self, depth: usize) -> Result<(), NotSkipped> {
        let tag = self.reader.u8()?;
        self.tagged(tag, depth)
    }

    fn tagged(&mut self, tag: u8, depth: usize) -> Result<(), NotSkipped> {
        if depth >= MAX_JAVA_DEPTH {
            return Err(NotSkipped);
        }
        let deeper = depth.saturating_add(1);
        match tag {
            NULL => Ok(()),
            REFERENCE => self.reader.u32().map(drop).map_err(Into::into),
            STRING => {
                self.add(None)?;
                text(self.reader)?;
                Ok(())
            }
            OBJECT => {
                let class = self.class(deeper)?.ok_or(NotSkipped)?;
                self.add(None)?;
                self.values(class, deeper)
            }
            ARRAY => {
                let class = self.class(deeper)?.ok_or(NotSkipped)?;
                self.add(None)?;
                let name = &self.get(class)?.name;
                let element = name.strip_prefix('[').and_then(|name| name.bytes().next());
                let element = element.ok_or(NotSkipped)?;
                for _ in 0..self.reader.u32()? {
                    self.value(element, deeper)?;
                }
                Ok(())
            }
            _ => Err(NotSkipped),
        }
    }

    fn add(&mut self, class: Option<Class>) -> Result<usize, NotSkipped> {
        if self.handles.len() >= MAX_JAVA_HANDLES {
            return Err(NotSkipped);
        }
        self.handles.push(class);
        Ok(self.handles.len().saturating_sub(1))
    }

    fn get(&self, handle: usize) -> Result<&Class, NotSkipped> {
        self.handles.get(handle).and_then(Option::as_ref).ok_or(NotSkipped)
    }

    /// A class description: in full, or a reference to an earlier one.
    fn class(&mut self, depth: usize) -> Result<Option<usize>, NotSkipped> {
        if depth >= MAX_JAVA_DEPTH {
            return Err(NotSkipped);
        }
        match self.reader.u8()? {
            NULL => Ok(None),
            REFERENCE => {
                let number = self.reader.u32()?.checked_sub(FIRST_HANDLE).ok_or(NotSkipped)?;
                let handle = usize::try_from(number).map_err(|_| NotSkipped)?;
                self.get(handle)?;
                Ok(Some(handle))
            }
            CLASS => {
                let name = text(self.reader)?;
                let _version = self.reader.u64()?;
                let placeholder = Class { name, flags: 0, fields: Vec::new(), parent: None };
                let handle = self.add(Some(placeholder))?;
                let flags = self.reader.u8()?;
                let count = u16::from_be_bytes([self.reader.u8()?, self.reader.u8()?]);
                let mut fields = Vec::new();
                for _ in 0..count {
                    let kind = self.reader.u8()?;
                    text(self.reader)?;
                    if matches!(kind, b'L' | b'[') {
                        self.content(depth.saturating_add(1))?;
                    }
                    fields.push(kind);
                }
                self.annotations(depth)?;
                let parent = self.class(depth.saturating_add(1))?;
                if let Some(Some(class)) = self.handles.get_mut(handle) {
                    class.flags = flags;
                    class.fields = fields;
                    class.parent = parent;
                }
                Ok(Some(handle))
            }
            _ => Err(NotSkipped),
        }
    }

    /// The data that a class or an object has written besides its fields.
    fn annotations(&mut self, depth: usize) -> Result<(), NotSkipped> {
        loop {
            match self.reader.u8()? {
                END_BLOCK_DATA => return Ok(()),
                BLOCK_DATA => {
                    let len = self.reader.u8()?;
                    self.reader.bytes(usize::from(len))?;
                }
                tag => self.tagged(tag, depth.saturating_add(1))?,
            }
        }
    }

    /// The values of an object, those of its outermost superclass first.
    fn values(&mut self, class: usize, depth: usize) -> Result<(), NotSkipped> {
        let mut classes = vec![self.get(class)?.clone()];
        while let Some(parent) = classes.last().and_then(|class| class.parent) {
            // a class may be its own ancestor
            if classes.len() >= MAX_JAVA_DEPTH {
                return Err(NotSkipped);
            }
            classes.push(self.get(parent)?.clone());
        }
        for class in classes.into_iter().rev() {
            if class.flags & SERIALIZABLE == 0 {
                return Err(NotSkipped);
            }
            for kind in class.fields {
                self.value(kind, depth)?;
            }
            if class.flags & HAS_WRITE_METHOD != 0 {
                self.annotations(depth)?;
            }
        }
        Ok(())
    }

    fn value(&mut self, kind: u8, depth: usize) -> Result<(), NotSkipped> {
        let len = match kind {
            b'B' | b'Z' => 1,
            b'C' | b'S' => 2,
            b'F' | b'I' => 4,
            b'D' | b'J' => 8,
            b'L' | b'[' => return self.content(depth),
            _ => return Err(NotSkipped),
        };
        self.reader.bytes(len)?;
        Ok(())
    }
}

/// `u16 length | text`, in Java's own kind of UTF-8.
pub(super) fn text(reader: &mut Reader<'_>) -> Result<String, InvalidMessage> {
    let len = u16::from_be_bytes([reader.u8()?, reader.u8()?]);
    Ok(String::from_utf8_lossy(reader.bytes(usize::from(len))?).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skipped(bytes: &[u8]) -> Result<usize, NotSkipped> {
        let bytes = [&[0xac, 0xed, 0, 5], bytes].concat();
        let mut reader = Reader::new(&bytes);
        skip(&mut reader).map(|()| reader.take_rest().len())
    }

    #[test]
    fn objects_are_skipped_and_no_more() {
        assert_eq!(skipped(&[NULL, 1, 2]), Ok(2));
        assert_eq!(skipped(&[STRING, 0, 2, b'a', b'b', 9]), Ok(1));
        let bytes =
            [&[ARRAY, CLASS, 0, 2, b'[', b'B'][..], &[0; 8], &[2, 0, 0, 0x78, NULL]].concat();
        assert_eq!(skipped(&[&bytes[..], &[0, 0, 0, 3, 7, 7, 7, 9]].concat()), Ok(1));
    }

    #[test]
    fn endless_objects_are_refused() {
        let own_parent =
            [&[OBJECT, CLASS, 0, 1, b'A'][..], &[0; 8], &[2, 0, 0, 0x78, REFERENCE, 0, 0x7e, 0, 0]];
        assert_eq!(skipped(&own_parent.concat()), Err(NotSkipped));
        let nested = [OBJECT, CLASS, 0, 1, b'A', 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0].repeat(1000);
        assert_eq!(skipped(&nested), Err(NotSkipped));
        let strings = [&nested[..16], &[STRING, 0, 0].repeat(100_000)].concat();
        assert_eq!(skipped(&strings), Err(NotSkipped));
        for bad in [&[][..], &[OBJECT], &[OBJECT, NULL], &[0x7b], &[ARRAY, NULL]] {
            assert_eq!(skipped(bad), Err(NotSkipped));
        }
    }
}
