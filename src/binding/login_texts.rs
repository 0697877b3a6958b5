//! The texts that people read while they log in: banners, and the prompts of keyboard-interactive. A text
//! that cannot be sent is refused when it is set, and not when a client waits for it.

use super::errors::Failure;
use crate::engine::Prompt;
use crate::limits::{MAX_LOGIN_TEXT_LEN, MAX_PROMPTS};

/// The overhead of a prompt in its message: its length, and whether the client shows the input.
const PROMPT_OVERHEAD: usize = 5;

/// Checks a banner or an instruction.
pub(super) fn check(name: &str, text: &str) -> Result<(), Failure> {
    if text.len() > MAX_LOGIN_TEXT_LEN {
        return Err(Failure::invalid(format!(
            "{name} has {} bytes, and {MAX_LOGIN_TEXT_LEN} at most can be sent.",
            text.len()
        )));
    }
    // a terminal has no such character, and a client in C would end the text at it
    if text.contains('\0') {
        return Err(Failure::invalid(format!("{name} contains a NUL character.")));
    }
    Ok(())
}

/// Checks the prompts of one dialog.
pub(super) fn check_prompts(name: &str, prompts: &[Prompt]) -> Result<(), Failure> {
    if prompts.len() > MAX_PROMPTS {
        return Err(Failure::invalid(format!(
            "{name} has {} prompts, and {MAX_PROMPTS} at most can be asked.",
            prompts.len()
        )));
    }
    let mut all: usize = 0;
    for Prompt { prompt, .. } in prompts {
        check(name, prompt)?;
        all = all.saturating_add(prompt.len()).saturating_add(PROMPT_OVERHEAD);
    }
    if all > MAX_LOGIN_TEXT_LEN {
        return Err(Failure::invalid(format!(
            "{name} has {all} bytes in all, and {MAX_LOGIN_TEXT_LEN} at most can be sent."
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prompts(count: usize, len: usize) -> Vec<Prompt> {
        vec![Prompt { prompt: "x".repeat(len), echo: false }; count]
    }

    #[test]
    fn what_can_be_sent_is_taken() {
        assert_eq!(check("It", ""), Ok(()));
        assert_eq!(check("It", "Grüße\r\n日本語\n"), Ok(()));
        assert_eq!(check("It", &"x".repeat(MAX_LOGIN_TEXT_LEN)), Ok(()));
        assert_eq!(check_prompts("It", &[]), Ok(()));
        assert_eq!(check_prompts("It", &prompts(MAX_PROMPTS, 8)), Ok(()));
        assert_eq!(check_prompts("It", &prompts(1, MAX_LOGIN_TEXT_LEN - 5)), Ok(()));
    }

    #[test]
    fn what_cannot_be_sent_is_refused_by_name() {
        for failure in [
            check("It", &"x".repeat(MAX_LOGIN_TEXT_LEN + 1)),
            check("It", "a\0b"),
            check_prompts("It", &prompts(MAX_PROMPTS + 1, 1)),
            check_prompts("It", &prompts(1, MAX_LOGIN_TEXT_LEN)),
            check_prompts("It", &prompts(2, MAX_LOGIN_TEXT_LEN / 2)),
            check_prompts("It", &[Prompt { prompt: "\0".to_owned(), echo: true }]),
        ] {
            let failure = failure.unwrap_err();
            assert_eq!(failure.code, 10022);
            assert!(failure.message.contains("It "), "{}", failure.message);
        }
    }
}
