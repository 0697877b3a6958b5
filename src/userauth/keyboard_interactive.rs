//! The `keyboard-interactive` method (RFC 4256): sends prompts, takes responses, and asks the program one
//! question for each response and one for the whole dialog.

use std::collections::VecDeque;

use super::AuthParam;
use super::verdict::{AuthAnswer, Prompt};
use crate::crypto::secret::Secret;
use crate::error::{Error, InvalidMessage};
use crate::limits::MAX_PASSWORD_LEN;
use crate::wire::messages::{Message, UserauthInfoRequest, UserauthInfoResponse};
use crate::wire::{Outbox, Reader, Writer};

/// Reads `string language_tag | string submethods`.
pub(super) fn read(method_specific: &[u8]) -> Result<(), InvalidMessage> {
    let mut reader = Reader::new(method_specific);
    // hints that this server ignores
    reader.string()?;
    reader.string()?;
    reader.finish()
}

/// A dialog from its prompts to the verdict.
pub(super) struct Dialog {
    prompts: usize,
    /// Responses that the program has not judged yet.
    responses: VecDeque<Secret>,
    /// The number of responses that it has judged.
    judged: usize,
    /// Whether it has accepted every response so far.
    all_accepted: bool,
    /// Whether it has accepted a response, or the whole dialog.
    any_accepted: bool,
}

impl Dialog {
    /// Sends the prompts.
    pub(super) fn begin(
        instruction: &str,
        prompts: &[Prompt],
        out: &mut dyn Outbox,
    ) -> Result<Self, Error> {
        let mut encoded = Vec::new();
        let mut writer = Writer::new(&mut encoded);
        for prompt in prompts {
            writer.string(&prompt.prompt).boolean(prompt.echo);
        }
        out.send(&UserauthInfoRequest {
            name: "",
            instruction,
            language_tag: b"",
            num_prompts: u32::try_from(prompts.len()).unwrap_or_default(),
            prompts: &encoded,
        })?;
        Ok(Self {
            prompts: prompts.len(),
            responses: VecDeque::new(),
            judged: 0,
            all_accepted: true,
            any_accepted: false,
        })
    }

    /// Reads the responses; `false` when their number is not that of the prompts (RFC 4256 section 3.4).
    pub(super) fn take_responses(&mut self, payload: &[u8]) -> Result<bool, Error> {
        let message = UserauthInfoResponse::decode(payload)?;
        if usize::try_from(message.num_responses) != Ok(self.prompts) {
            return Ok(false);
        }
        let mut reader = Reader::new(message.responses);
        for _ in 0..message.num_responses {
            let response = reader.string()?;
            if response.len() > MAX_PASSWORD_LEN {
                return Err(InvalidMessage::BadText.into());
            }
            self.responses.push_back(Secret::new(response.to_vec()));
        }
        reader.finish()?;
        Ok(true)
    }

    /// The method and parameter of the next question: a response, or at the end the whole dialog.
    pub(super) fn next_question(&mut self) -> (String, AuthParam) {
        match self.responses.pop_front() {
            Some(response) => {
                let index = self.judged.saturating_add(1);
                (format!("keyboard-interactive-{index}"), AuthParam::Text(response))
            }
            None => ("keyboard-interactive".to_owned(), AuthParam::None),
        }
    }

    /// Takes the answer to the last question; returns the verdict once the whole dialog is judged. The
    /// program is asked about every response even after one was refused, so timing tells nothing.
    pub(super) fn judge(&mut self, mut answer: AuthAnswer) -> Option<AuthAnswer> {
        self.any_accepted |= answer.is_good();
        if self.judged < self.prompts {
            self.judged = self.judged.saturating_add(1);
            self.all_accepted &= answer.is_good();
            return None;
        }
        answer.accept &= self.all_accepted;
        answer.partial_success &= self.all_accepted;
        Some(answer)
    }

    /// Whether the program has accepted a response or the dialog, and may have counted that as a factor.
    pub(super) fn some_of_it_was_good(&self) -> bool {
        self.any_accepted
    }
}
