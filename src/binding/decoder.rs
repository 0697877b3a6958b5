//! The decoder of a code page, as an object of JavaScript.

use napi_derive::napi;

use super::codepage::{CodePage, Decoder};

/// Reads the bytes of one stream, in pieces of any length.
#[napi]
pub struct NativeDecoder {
    decoder: Decoder,
}

#[napi]
impl NativeDecoder {
    /// Of the code page of this number.
    #[napi(constructor)]
    pub fn new(code_page: u32) -> napi::Result<Self, String> {
        Ok(Self { decoder: CodePage::find(code_page)?.decoder() })
    }

    /// The text that is complete with these bytes.
    #[napi]
    pub fn decode(&mut self, bytes: &[u8]) -> String {
        self.decoder.decode(bytes)
    }
}
