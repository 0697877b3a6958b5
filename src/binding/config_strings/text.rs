//! How text becomes bytes.

use super::{Plain, Row, row};
use crate::binding::codepage::CodePage;
use crate::binding::errors::Failure;
use crate::binding::state::State;

/// The settings of this file.
pub(super) static ROWS: &[Row] =
    &[row("CodePage", Plain(|state| state.settings.code_page.id.to_string(), Some(set_code_page)))];

fn set_code_page(state: &mut State, value: &str) -> Result<(), Failure> {
    let bad = || Failure::invalid("The value has to be the number of a code page.");
    let page = CodePage::find(parse(value.trim()).ok_or_else(bad)?)?;
    state.settings.encoder = page.encoder();
    state.settings.code_page = page;
    Ok(())
}

/// The reference writes some numbers in hexadecimal.
fn parse(value: &str) -> Option<u32> {
    let hex = value.strip_prefix("0x").or_else(|| value.strip_prefix("0X"));
    // from_str_radix and parse would take a sign
    let (digits, radix) = hex.map_or((value, 10), |digits| (digits, 16));
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    u32::from_str_radix(digits, radix).ok()
}
