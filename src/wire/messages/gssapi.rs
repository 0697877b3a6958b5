//! The messages of GSSAPI: of its key exchange (RFC 4462 section 2), and of its login (section 3). They
//! share their numbers with messages of other methods, and which one it is the state tells.

use super::{Message, messages};
use crate::error::InvalidMessage;
use crate::wire::{Reader, Writer};

messages! {
    /// `byte 31 | string token` (RFC 4462 2.1: KEXGSS_CONTINUE, from either side)
    KexGssContinue<'a> = SSH_MSG_KEX_31 {
        /// What the sender's library has made.
        token: string,
    }

    /// `byte 34 | uint32 major | uint32 minor | string text | string language_tag` (RFC 4462 2.1:
    /// KEXGSS_ERROR)
    KexGssError<'a> = SSH_MSG_KEX_34 {
        /// The routine error of RFC 2743.
        major: u32,
        /// The mechanism's error.
        minor: u32,
        /// For people.
        text: text,
        /// RFC 3066 tag.
        language_tag: string,
    }

    /// `byte 60 | string mechanism` (RFC 4462 3.3: the mechanism that the server has chosen)
    GssResponse<'a> = SSH_MSG_USERAUTH_INFO_REQUEST {
        /// An object identifier in DER.
        mechanism: string,
    }

    /// `byte 61 | string token` (RFC 4462 3.4, from either side)
    GssToken<'a> = SSH_MSG_USERAUTH_INFO_RESPONSE {
        /// What the sender's library has made.
        token: string,
    }

    /// `byte 63` (RFC 4462 3.6: the end of a login without a MIC)
    GssExchangeComplete = SSH_MSG_USERAUTH_GSSAPI_EXCHANGE_COMPLETE {}

    /// `byte 65 | string token` (RFC 4462 3.9: the token that tells of the sender's error)
    UserauthGssErrtok<'a> = SSH_MSG_USERAUTH_GSSAPI_ERRTOK {
        /// What the sender's library has made.
        token: string,
    }

    /// `byte 66 | string mic` (RFC 4462 3.5)
    GssMic<'a> = SSH_MSG_USERAUTH_GSSAPI_MIC {
        /// Of the login, by the context.
        mic: string,
    }
}
