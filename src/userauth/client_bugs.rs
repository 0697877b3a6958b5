//! Bugs of certain client versions in a login, recognized by their identification string (RFC 4253 section
//! 4.2), as OpenSSH's server does.

/// Whether signatures of this client may be by ssh-rsa although it has announced rsa-sha2-256 or
/// rsa-sha2-512. Since OpenSSH 7.2 the client asks its agent for SHA-2, but agents of that time, and those
/// of other vendors long after, answer with SHA-1; the client forwards such a signature, which RFC 8332
/// section 3 forbids. From 7.8 on the client checks the signature's algorithm itself.
pub(super) fn signs_with_sha1(identification: &str) -> bool {
    let Some((_, version)) = identification.split_once("-OpenSSH_") else {
        return false;
    };
    // Microsoft's builds have the same code, and its agent the same bug
    let version = version.strip_prefix("for_Windows_").unwrap_or(version);
    let mut numbers = version.split(|c: char| !c.is_ascii_digit()).map(str::parse::<u32>);
    let (Some(Ok(major)), Some(Ok(minor))) = (numbers.next(), numbers.next()) else {
        return false;
    };
    // 7.2 is the first client that announces SHA-2; the bug is known of 6.5 to 7.7
    (FIRST..=LAST).contains(&(major, minor))
}

const FIRST: (u32, u32) = (6, 5);
const LAST: (u32, u32) = (7, 7);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_with_the_fault() {
        for (identification, has_it) in [
            ("SSH-2.0-OpenSSH_7.2p2 Ubuntu-4ubuntu2.10", true),
            ("SSH-2.0-OpenSSH_7.4", true),
            ("SSH-2.0-OpenSSH_7.7p1", true),
            ("SSH-1.99-OpenSSH_6.6.1", true),
            ("SSH-2.0-OpenSSH_for_Windows_7.7", true),
            ("SSH-2.0-OpenSSH_6.4", false),
            ("SSH-2.0-OpenSSH_7.8", false),
            ("SSH-2.0-OpenSSH_7.70", false),
            ("SSH-2.0-OpenSSH_9.9", false),
            ("SSH-2.0-OpenSSH_10.0", false),
            ("SSH-2.0-OpenSSH_for_Windows_8.1", false),
            ("SSH-2.0-OpenSSH_", false),
            ("SSH-2.0-OpenSSH_7", false),
            ("SSH-2.0-OpenSSH_99999999999.7", false),
            ("SSH-2.0-NotOpenSSH_7.4", false),
            ("SSH-2.0-PuTTY_Release_0.70", false),
            ("", false),
        ] {
            assert_eq!(signs_with_sha1(identification), has_it, "{identification}");
        }
    }
}
