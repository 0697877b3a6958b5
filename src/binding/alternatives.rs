//! The AltSSHCert settings: certificates beside the server's own, so that a client finds a key of a type
//! that it accepts. They are loaded on another thread; until one is loaded, its predecessor is used.

use std::sync::Arc;

use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Task};
use napi_derive::napi;
use zeroize::Zeroizing;

use super::certificate::{Request, Selector, Store, rejection};
use super::errors::{Failure, NO_CERTIFICATE};
use crate::crypto::signature::PrivateKey;
use crate::limits::MAX_ALTERNATIVES;

/// The records in order, and those that are still to be loaded.
#[derive(Default)]
pub(super) struct Alternatives {
    records: Vec<Alternative>,
    /// Distinguishes a load for the current settings of a record from one for earlier settings.
    last_load: u32,
    to_load: Option<usize>,
}

#[derive(Default)]
pub(super) struct Alternative {
    pub(super) store_type: u32,
    pub(super) store: Zeroizing<String>,
    pub(super) store_password: Zeroizing<String>,
    pub(super) subject: String,
    load: u32,
    key: Option<Arc<PrivateKey>>,
}

impl std::fmt::Debug for Alternatives {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Alternatives({})", self.records.len())
    }
}

impl Alternatives {
    pub(super) fn count(&self) -> usize {
        self.records.len()
    }

    pub(super) fn set_count(&mut self, count: usize) {
        self.records.resize_with(count.min(MAX_ALTERNATIVES), Alternative::default);
    }

    pub(super) fn record(&self, index: u64) -> Result<&Alternative, Failure> {
        let found = usize::try_from(index).ok().and_then(|index| self.records.get(index));
        found.ok_or_else(|| self.no_such(index))
    }

    pub(super) fn record_mut(&mut self, index: u64) -> Result<&mut Alternative, Failure> {
        let missing = self.no_such(index);
        let found = usize::try_from(index).ok().and_then(|index| self.records.get_mut(index));
        found.ok_or(missing)
    }

    fn no_such(&self, index: u64) -> Failure {
        let count = self.records.len();
        Failure::invalid(format!(
            "The index {index} is not below AltSSHCertCount, which is {count}."
        ))
    }

    /// Documented: setting the subject has the certificate loaded.
    pub(super) fn set_subject(&mut self, index: u64, subject: &str) -> Result<(), Failure> {
        let load = self.last_load.wrapping_add(1);
        let record = self.record_mut(index)?;
        subject.clone_into(&mut record.subject);
        record.load = load;
        // no subject selects nothing
        let nothing = subject.is_empty();
        if nothing {
            record.key = None;
        }
        self.last_load = load;
        self.to_load = usize::try_from(index).ok().filter(|_| !nothing);
        Ok(())
    }

    /// The keys that are loaded, in order.
    pub(super) fn keys(&self) -> impl Iterator<Item = &Arc<PrivateKey>> {
        self.records.iter().filter_map(|record| record.key.as_ref())
    }

    /// The load that the last [`Self::set_subject`] asked for; returned once.
    pub(super) fn take_load(&mut self) -> Option<AlternativeToLoad> {
        let record = self.records.get(self.to_load.take()?)?;
        let request = Request {
            store_type: record.store_type,
            store: Store::Text(record.store.clone()),
            store_password: record.store_password.clone(),
            key_password: None,
            wanted: Selector::Subject(record.subject.clone()),
        };
        Some(AlternativeToLoad { task: Some(LoadAlternative { request, load: record.load }) })
    }

    /// Takes a key over, unless its record has asked for another one meanwhile.
    pub(super) fn finish_load(&mut self, loaded: &LoadedAlternative) {
        let record = self.records.iter_mut().find(|record| record.load == loaded.load);
        if let Some(record) = record {
            record.key = Some(loaded.key.clone());
        }
    }
}

/// A record whose certificate is to be loaded. An object of its own, because the addon's library
/// keeps what a task was made from borrowed until the task has ended.
#[napi]
pub struct AlternativeToLoad {
    task: Option<LoadAlternative>,
}

#[napi]
impl AlternativeToLoad {
    /// Loads it on another thread; once.
    #[napi]
    pub fn load(&mut self) -> Option<AsyncTask<LoadAlternative>> {
        self.task.take().map(AsyncTask::new)
    }
}

/// Loads the certificate of a record.
pub struct LoadAlternative {
    request: Request,
    load: u32,
}

/// The key of a record.
#[napi]
pub struct LoadedAlternative {
    key: Arc<PrivateKey>,
    load: u32,
}

impl Task for LoadAlternative {
    type Output = Result<Arc<PrivateKey>, Failure>;
    type JsValue = LoadedAlternative;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        let loaded = self.request.load();
        Ok(loaded.and_then(|it| it.private_key().ok_or_else(|| Failure::new(NO_CERTIFICATE))))
    }

    fn resolve(&mut self, env: Env, output: Self::Output) -> napi::Result<Self::JsValue> {
        let key = output.map_err(|failure| rejection(env, failure))?;
        Ok(LoadedAlternative { key, load: self.load })
    }
}
