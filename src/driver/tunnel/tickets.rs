//! Tickets of commands that the driver gives itself; those of the program stay below 2^53.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::engine::Ticket;

const OURS: u64 = 1 << 63;

/// The ticket of a command whose end is of no interest.
pub(in crate::driver) const NOBODY: Ticket = Ticket(u64::MAX);

static NEXT: AtomicU64 = AtomicU64::new(OURS);

pub(super) fn next_ticket() -> Ticket {
    Ticket(NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Whether the driver gave the command itself.
pub(in crate::driver) fn is_ours(ticket: Ticket) -> bool {
    ticket.0 >= OURS
}
