//! The status codes of version 3 (draft-ietf-secsh-filexfer-02, section 7).

/// The code of an SSH_FXP_STATUS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// SSH_FX_OK
    Ok,
    /// SSH_FX_EOF
    Eof,
    /// SSH_FX_NO_SUCH_FILE
    NoSuchFile,
    /// SSH_FX_PERMISSION_DENIED
    PermissionDenied,
    /// SSH_FX_FAILURE
    Failure,
    /// SSH_FX_BAD_MESSAGE
    BadMessage,
    /// SSH_FX_OP_UNSUPPORTED
    Unsupported,
}

impl Status {
    /// Its number on the wire.
    pub fn code(self) -> u32 {
        match self {
            Self::Ok => 0,
            Self::Eof => 1,
            Self::NoSuchFile => 2,
            Self::PermissionDenied => 3,
            Self::Failure => 4,
            Self::BadMessage => 5,
            Self::Unsupported => 8,
        }
    }

    /// What is written beside it when there is nothing more precise to say.
    pub fn text(self) -> &'static str {
        match self {
            Self::Ok => "Success",
            Self::Eof => "End of file",
            Self::NoSuchFile => "No such file",
            Self::PermissionDenied => "Permission denied",
            Self::Failure => "Failure",
            Self::BadMessage => "Bad message",
            Self::Unsupported => "Operation unsupported",
        }
    }
}
