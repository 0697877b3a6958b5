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
        let find = |uid| {
            let user = uzers::get_user_by_uid(uid);
            user.map(|user| user.name().to_string_lossy().into_owned())
        };
        kept(&mut self.users, uid, self.looks_up, find)
    }

    /// The name of a group; empty if it has none.
    pub(super) fn group(&mut self, gid: u32) -> &str {
        let find = |gid| {
            let group = uzers::get_group_by_gid(gid);
            group.map(|group| group.name().to_string_lossy().into_owned())
        };
        kept(&mut self.groups, gid, self.looks_up, find)
    }
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
