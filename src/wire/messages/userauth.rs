//! Messages 50 to 61: user authentication (RFC 4252, RFC 4256).

use super::{Message, messages};
use crate::error::InvalidMessage;
use crate::wire::{NameList, Reader, Writer};

messages! {
    /// `byte 50 | string user | string service | string method | method-specific` (RFC 4252 5)
    UserauthRequest<'a> = SSH_MSG_USERAUTH_REQUEST {
        /// The account, which has to be UTF-8: another one is refused as a login.
        user_name: string,
        /// The service to start after authentication.
        service_name: name,
        /// The authentication method.
        method_name: name,
        /// The fields of the method.
        method_specific: rest,
    }

    /// `byte 51 | name-list can_continue | boolean partial_success` (RFC 4252 5.1)
    UserauthFailure<'a> = SSH_MSG_USERAUTH_FAILURE {
        /// Methods that can continue.
        can_continue: name_list,
        /// Whether the request itself was successful.
        partial_success: boolean,
    }

    /// `byte 52` (RFC 4252 5.1)
    UserauthSuccess = SSH_MSG_USERAUTH_SUCCESS {}

    /// `byte 53 | string message | string language_tag` (RFC 4252 5.4)
    UserauthBanner<'a> = SSH_MSG_USERAUTH_BANNER {
        /// For people, UTF-8.
        message: text,
        /// RFC 3066 tag.
        language_tag: string,
    }

    /// `byte 60 | string algorithm | string key_blob` (RFC 4252 7)
    UserauthPkOk<'a> = SSH_MSG_USERAUTH_INFO_REQUEST {
        /// The algorithm of the request.
        algorithm: name,
        /// The public key of the request.
        key_blob: string,
    }

    /// `byte 60 | string name | string instruction | string language_tag | uint32 n
    /// | (string prompt | boolean echo)*` (RFC 4256 3.2)
    UserauthInfoRequest<'a> = SSH_MSG_USERAUTH_INFO_REQUEST {
        /// The title of the dialog.
        name: text,
        /// Shown above the prompts.
        instruction: text,
        /// Deprecated, empty.
        language_tag: string,
        /// How many prompts follow.
        num_prompts: u32,
        /// The prompts, still encoded.
        prompts: rest,
    }

    /// `byte 61 | uint32 n | (string response)*` (RFC 4256 3.4)
    UserauthInfoResponse<'a> = SSH_MSG_USERAUTH_INFO_RESPONSE {
        /// How many responses follow.
        num_responses: u32,
        /// The responses, still encoded.
        responses: rest,
    }
}
