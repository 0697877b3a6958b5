//! Buffers for the replies of services, which are used again: fresh memory costs more than the system's copy
//! into it.

use parking_lot::Mutex;

use crate::limits::{MAX_SFTP_PACKET_LEN, SFTP_BATCH_LEN};

/// Buffers that wait to be used again.
const KEPT: usize = 16;
/// A buffer grows to this for a batch; a longer one, after an exception, is not kept.
const KEPT_LEN: usize = SFTP_BATCH_LEN + 2 * MAX_SFTP_PACKET_LEN;

static SPARE: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

/// A buffer, with anything in it.
pub(super) fn take() -> Vec<u8> {
    SPARE.lock().pop().unwrap_or_default()
}

/// Gives a buffer back.
pub(super) fn give_back(buffer: Vec<u8>) {
    let mut spare = SPARE.lock();
    if spare.len() < KEPT && buffer.capacity() <= KEPT_LEN {
        spare.push(buffer);
    }
}
