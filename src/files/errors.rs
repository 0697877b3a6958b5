//! The status of an SFTP request that the system has refused.

use rustix::io::Errno;

use crate::sftp::Status;

/// Why a request fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The system's error.
    System(Errno),
    /// A decision of this server.
    Status(Status),
}

pub(super) type Result<T> = std::result::Result<T, Refusal>;

impl From<Errno> for Refusal {
    fn from(error: Errno) -> Self {
        Self::System(error)
    }
}

impl From<Status> for Refusal {
    fn from(status: Status) -> Self {
        Self::Status(status)
    }
}

impl Refusal {
    /// The status of the reply. The groups are those of OpenSSH's sftp-server, which clients know.
    pub(super) fn status(self) -> Status {
        let error = match self {
            Self::Status(status) => return status,
            Self::System(error) => error,
        };
        match error {
            Errno::NOENT | Errno::NOTDIR | Errno::BADF | Errno::LOOP | Errno::XDEV => {
                Status::NoSuchFile
            }
            Errno::PERM | Errno::ACCESS | Errno::ROFS => Status::PermissionDenied,
            Errno::NOSYS | Errno::OPNOTSUPP => Status::Unsupported,
            _ => Status::Failure,
        }
    }

    /// The text of the reply: what the system says of its error, which never names a path.
    pub(super) fn text(self) -> String {
        let Self::System(error) = self else {
            return self.status().text().to_owned();
        };
        let text = std::io::Error::from(error).to_string();
        text.split(" (os error").next().unwrap_or_default().to_owned()
    }
}
