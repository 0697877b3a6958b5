//! The names of users and groups, as `ls -l` shows them. The system may ask a directory service for them, so
//! each is asked for once in a session.

use std::collections::HashMap;

use crate::limits::MAX_KEPT_NAMES;

/// The names that a session has asked for.
#[derive(Debug, Default)]
pub(super) struct Names {
    users: HashMap<u32, String>,
    groups: HashMap<u32, String>,
    /// Whether names are looked up at all.
    looks_up: bool,
}

impl Names {
    pub(super) fn new(looks_up: bool) -> Self {
        Self { looks_up, ..Self::default() }
    }

    /// The name of a user; empty if it has none.
    pub(super) fn user(&mut self, uid: u32) -> &str {
        kept(&mut self.users, uid, self.looks_up, find_user)
    }

    /// The name of a group; empty if it has none.
    pub(super) fn group(&mut self, gid: u32) -> &str {
        kept(&mut self.groups, gid, self.looks_up, find_group)
    }

    /// The names of a user and a group.
    pub(super) fn both(&mut self, uid: u32, gid: u32) -> [&str; 2] {
        [
            kept(&mut self.users, uid, self.looks_up, find_user),
            kept(&mut self.groups, gid, self.looks_up, find_group),
        ]
    }
}

fn find_user(uid: u32) -> Option<String> {
    Some(uzers::get_user_by_uid(uid)?.name().to_string_lossy().into_owned())
}

fn find_group(gid: u32) -> Option<String> {
    Some(uzers::get_group_by_gid(gid)?.name().to_string_lossy().into_owned())
}

fn kept(
    names: &mut HashMap<u32, String>,
    number: u32,
    looks_up: bool,
    find: impl FnOnce(u32) -> Option<String>,
) -> &str {
    if names.len() >= MAX_KEPT_NAMES && !names.contains_key(&number) {
        names.clear();
    }
    names.entry(number).or_insert_with(|| {
        let found = if looks_up { find(number) } else { None };
        found.unwrap_or_default()
    })
}
