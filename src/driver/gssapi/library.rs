//! The C functions of a GSSAPI library (RFC 2744) that is loaded at run time: that of MIT, or of Heimdal.
//! Nothing is linked, so that the server runs where there is none. All that C hands out is owned by a type
//! here, which frees it.
#![allow(unsafe_code, reason = "functions of a C library, by its documented interface")]

use std::error::Error;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr::{null, null_mut};

use parking_lot::Mutex;

use crate::crypto::gss::KERBEROS;

/// A library, loaded for the rest of the process: it keeps data of its own for each thread, which it could
/// not free any more after it is unloaded.
pub(super) struct Library {
    name: String,
    calls: Calls,
    /// Whether the key table of the process was set, for a library that has no other way to name one. Held
    /// until a credential is acquired with it.
    registered: Mutex<bool>,
}

/// A status: RFC 2744 section 3.9.
#[derive(Debug, Clone, Copy)]
struct Status {
    major: u32,
    minor: u32,
}

impl Status {
    /// Plain success: an old or repeated token (the bits of section 3.9.1) is none.
    fn is_complete(self) -> bool {
        self.major == 0
    }

    fn continues(self) -> bool {
        self.major == GSS_S_CONTINUE_NEEDED
    }
}

const GSS_S_CONTINUE_NEEDED: u32 = 1;
const GSS_C_ACCEPT: c_int = 2;
const GSS_C_INDEFINITE: u32 = u32::MAX;
const GSS_C_GSS_CODE: c_int = 1;
const GSS_C_MECH_CODE: c_int = 2;
/// Messages of one status that are read.
const MESSAGES: usize = 4;

/// The flags of a context (RFC 2744 section 5.19).
#[derive(Debug, Clone, Copy)]
pub(super) struct Flags(u32);

impl Flags {
    pub(super) fn delegated(self) -> bool {
        self.0 & 1 != 0
    }

    pub(super) fn mutual(self) -> bool {
        self.0 & 2 != 0
    }

    pub(super) fn integrity(self) -> bool {
        self.0 & 32 != 0
    }
}

/// `gss_buffer_desc`
#[repr(C)]
struct Buffer {
    length: usize,
    value: *mut c_void,
}

impl Buffer {
    const EMPTY: Self = Self { length: 0, value: null_mut() };

    /// A buffer for the library to read from.
    fn of(bytes: &[u8]) -> Self {
        Self { length: bytes.len(), value: bytes.as_ptr().cast_mut().cast() }
    }
}

/// `gss_OID_desc`
#[repr(C)]
struct Oid {
    length: u32,
    elements: *mut c_void,
}

/// `gss_OID_set_desc`
#[repr(C)]
struct OidSet {
    count: usize,
    elements: *mut Oid,
}

/// `gss_key_value_element_desc`
#[repr(C)]
struct StoreElement {
    key: *const c_char,
    value: *const c_char,
}

/// `gss_key_value_set_desc`
#[repr(C)]
struct Store {
    count: u32,
    elements: *const StoreElement,
}

/// Kerberos as an object identifier without the head of DER.
fn kerberos() -> Oid {
    let elements = KERBEROS.get(2..).unwrap_or_default();
    // nine bytes
    let length = u32::try_from(elements.len()).unwrap_or_default();
    Oid { length, elements: elements.as_ptr().cast_mut().cast() }
}

type Handle = *mut c_void;

/// Declares the functions: their names, which every library has to have, and their types.
macro_rules! calls {
    ($($name:ident($($parameter:ty),*);)*) => {
        struct Calls {
            $($name: unsafe extern "C" fn($($parameter),*) -> u32,)*
            optional: OptionalCalls,
        }

        impl Calls {
            fn load(library: &libloading::Library) -> Result<Self, String> {
                Ok(Self {
                    $($name: {
                        let name = concat!(stringify!($name), "\0");
                        // SAFETY: the type is that of RFC 2744, which both libraries keep to on this
                        // system; the library is never unloaded.
                        let found = unsafe { library.get(name.as_bytes()) };
                        *found.map_err(|error| error.to_string())?
                    },)*
                    optional: OptionalCalls::load(library),
                })
            }
        }
    };
}

calls! {
    gss_acquire_cred(*mut u32, Handle, u32, *const OidSet, c_int, *mut Handle, *mut *mut OidSet, *mut u32);
    gss_accept_sec_context(
        *mut u32, *mut Handle, Handle, *const Buffer, *const c_void, *mut Handle, *mut *const Oid,
        *mut Buffer, *mut u32, *mut u32, *mut Handle
    );
    gss_delete_sec_context(*mut u32, *mut Handle, *mut Buffer);
    gss_display_name(*mut u32, Handle, *mut Buffer, *mut *const Oid);
    gss_display_status(*mut u32, u32, c_int, *const Oid, *mut u32, *mut Buffer);
    gss_get_mic(*mut u32, Handle, u32, *const Buffer, *mut Buffer);
    gss_verify_mic(*mut u32, Handle, *const Buffer, *const Buffer, *mut u32);
    gss_release_buffer(*mut u32, *mut Buffer);
    gss_release_cred(*mut u32, *mut Handle);
    gss_release_name(*mut u32, *mut Handle);
}

type AcquireFrom = unsafe extern "C" fn(
    *mut u32,
    Handle,
    u32,
    *const OidSet,
    c_int,
    *const Store,
    *mut Handle,
    *mut *mut OidSet,
    *mut u32,
) -> u32;
type LocalName = unsafe extern "C" fn(*mut u32, Handle, *const Oid, *mut Buffer) -> u32;
type RegisterIdentity = unsafe extern "C" fn(*const c_char) -> u32;

/// Functions that RFC 2744 does not have.
struct OptionalCalls {
    /// Of MIT: a credential with a key table of its own.
    gss_acquire_cred_from: Option<AcquireFrom>,
    /// Of both, in versions of the last ten years.
    gss_localname: Option<LocalName>,
    /// Of both: sets the key table of the process.
    register_identity: Option<RegisterIdentity>,
}

impl OptionalCalls {
    fn load(library: &libloading::Library) -> Self {
        // SAFETY: the types are those of gssapi_ext.h and gssapi_krb5.h; the library is never unloaded.
        unsafe {
            Self {
                gss_acquire_cred_from: library.get(b"gss_acquire_cred_from\0").ok().map(|it| *it),
                gss_localname: library.get(b"gss_localname\0").ok().map(|it| *it),
                register_identity: library
                    .get(b"krb5_gss_register_acceptor_identity\0")
                    .or_else(|_| library.get(b"gsskrb5_register_acceptor_identity\0"))
                    .ok()
                    .map(|it| *it),
            }
        }
    }
}

/// Bytes that the library has made.
struct Made<'l> {
    buffer: Buffer,
    library: &'l Library,
}

impl<'l> Made<'l> {
    fn new(library: &'l Library) -> Self {
        Self { buffer: Buffer::EMPTY, library }
    }

    fn bytes(&self) -> &[u8] {
        if self.buffer.value.is_null() {
            return &[];
        }
        // SAFETY: the library has set both fields together, and the bytes live until they are released.
        unsafe { std::slice::from_raw_parts(self.buffer.value.cast(), self.buffer.length) }
    }
}

impl Drop for Made<'_> {
    fn drop(&mut self) {
        // SAFETY: an empty buffer or one of the library, which is released once.
        unsafe { (self.library.calls.gss_release_buffer)(&mut 0, &mut self.buffer) };
    }
}

/// A name of the library.
struct Name {
    handle: Handle,
    library: &'static Library,
}

impl Drop for Name {
    fn drop(&mut self) {
        // SAFETY: null or a name of the library, which is released once.
        unsafe { (self.library.calls.gss_release_name)(&mut 0, &mut self.handle) };
    }
}

/// A credential of the library.
pub(super) struct Credential {
    handle: Handle,
    library: &'static Library,
}

// SAFETY: both libraries lock what they change in a credential, and document their handles as usable on any
// thread.
unsafe impl Send for Credential {}
// SAFETY: see above; a context only reads the credential that it is accepted with.
unsafe impl Sync for Credential {}

impl Drop for Credential {
    fn drop(&mut self) {
        // SAFETY: null or a credential of the library, which is released once.
        unsafe { (self.library.calls.gss_release_cred)(&mut 0, &mut self.handle) };
    }
}

/// A context of the library.
pub(super) struct RawContext {
    handle: Handle,
    library: &'static Library,
}

// SAFETY: both libraries let a context be used on any thread, by one at a time.
unsafe impl Send for RawContext {}

impl Drop for RawContext {
    fn drop(&mut self) {
        // SAFETY: null or a context of the library, which is deleted once; no token is asked for.
        unsafe {
            (self.library.calls.gss_delete_sec_context)(&mut 0, &mut self.handle, null_mut())
        };
    }
}

/// What came of a token.
pub(super) struct Accepted {
    /// For the client, if not empty.
    pub(super) token: Vec<u8>,
    pub(super) outcome: Result<Outcome, String>,
}

pub(super) enum Outcome {
    Continues,
    Complete { flags: Flags, principal: String, local_name: String },
}

impl Library {
    /// Loads a library by its file name, or finds one that is loaded.
    pub(super) fn load(name: &str) -> Result<&'static Self, String> {
        static LOADED: Mutex<Vec<&'static Library>> = Mutex::new(Vec::new());
        let mut loaded = LOADED.lock();
        if let Some(library) = loaded.iter().find(|library| library.name == name) {
            return Ok(library);
        }
        // SAFETY: the name is the default one, or the program's setting: it runs what that loads.
        let handle = unsafe { libloading::Library::new(name) };
        // the reason is that of the system, behind the library's own error
        let reason = |error: &dyn Error| error.source().unwrap_or(error).to_string();
        let handle = handle.map_err(|error| reason(&error))?;
        let calls = Calls::load(&handle)?;
        // never unloaded
        std::mem::forget(handle);
        let library: &'static Self = Box::leak(Box::new(Self {
            name: name.to_owned(),
            calls,
            registered: Mutex::new(false),
        }));
        loaded.push(library);
        Ok(library)
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// A credential to accept contexts with, for every key of the key table: that of the system without a
    /// name.
    pub(super) fn acquire(&'static self, keytab: Option<&CStr>) -> Result<Credential, String> {
        let mut oid = kerberos();
        let mechanisms = OidSet { count: 1, elements: &mut oid };
        let mut credential = Credential { handle: null_mut(), library: self };
        let mut minor = 0;
        let major = match (keytab, self.calls.optional.gss_acquire_cred_from) {
            (Some(keytab), Some(acquire_from)) => {
                let element = StoreElement { key: c"keytab".as_ptr(), value: keytab.as_ptr() };
                let store = Store { count: 1, elements: &element };
                // SAFETY: all pointers are to values that live until the call returns, or null where
                // that is allowed.
                unsafe {
                    acquire_from(
                        &mut minor,
                        null_mut(),
                        GSS_C_INDEFINITE,
                        &mechanisms,
                        GSS_C_ACCEPT,
                        &store,
                        &mut credential.handle,
                        null_mut(),
                        null_mut(),
                    )
                }
            }
            (keytab, _) => {
                let mut registered = self.registered.lock();
                self.register(keytab, &mut registered)?;
                // SAFETY: as above.
                unsafe {
                    (self.calls.gss_acquire_cred)(
                        &mut minor,
                        null_mut(),
                        GSS_C_INDEFINITE,
                        &mechanisms,
                        GSS_C_ACCEPT,
                        &mut credential.handle,
                        null_mut(),
                        null_mut(),
                    )
                }
            }
        };
        let status = Status { major, minor };
        if status.is_complete() { Ok(credential) } else { Err(self.describe(status)) }
    }

    /// Sets the key table of the process, if the library has no other way to name one.
    fn register(&self, keytab: Option<&CStr>, registered: &mut bool) -> Result<(), String> {
        if keytab.is_none() && !*registered {
            return Ok(());
        }
        let Some(register) = self.calls.optional.register_identity else {
            return Err("the library takes no key table".to_owned());
        };
        // SAFETY: a text that ends with 0, which the library copies; an empty one stands for the default.
        let major = unsafe { register(keytab.unwrap_or_default().as_ptr()) };
        *registered = keytab.is_some();
        let status = Status { major, minor: 0 };
        if status.is_complete() { Ok(()) } else { Err(self.describe(status)) }
    }

    /// What the library says of a status.
    fn describe(&self, status: Status) -> String {
        let mut parts = Vec::new();
        for (code, kind) in [(status.major, GSS_C_GSS_CODE), (status.minor, GSS_C_MECH_CODE)] {
            let mut more = 0;
            for _ in 0..MESSAGES {
                let mut text = Made::new(self);
                let oid = kerberos();
                // SAFETY: all pointers are to values that live until the call returns.
                let major = unsafe {
                    (self.calls.gss_display_status)(
                        &mut 0,
                        code,
                        kind,
                        &oid,
                        &mut more,
                        &mut text.buffer,
                    )
                };
                if major != 0 {
                    break;
                }
                let text = String::from_utf8_lossy(text.bytes()).trim().to_owned();
                if !text.is_empty() && !parts.contains(&text) {
                    parts.push(text);
                }
                if more == 0 {
                    break;
                }
            }
        }
        parts.join("; ")
    }

    fn text_of(&self, get: impl FnOnce(&mut u32, &mut Buffer) -> u32) -> Result<String, String> {
        let (mut minor, mut made) = (0, Made::new(self));
        let status = Status { major: get(&mut minor, &mut made.buffer), minor };
        if !status.is_complete() {
            return Err(self.describe(status));
        }
        String::from_utf8(made.bytes().to_vec()).map_err(|_| "a name is not UTF-8".to_owned())
    }
}

impl RawContext {
    pub(super) fn new(library: &'static Library) -> Self {
        Self { handle: null_mut(), library }
    }

    /// Takes a token of the client.
    pub(super) fn accept(&mut self, credential: &Credential, token: &[u8]) -> Accepted {
        let library = self.library;
        let mut source = Name { handle: null_mut(), library };
        let mut delegated = Credential { handle: null_mut(), library };
        let (mut minor, mut flags, mut mechanism) = (0, 0, null::<Oid>());
        let mut made = Made::new(library);
        // SAFETY: all pointers are to values that live until the call returns, or null where that is
        // allowed (channel bindings, lifetime). What comes back is freed by its type: a delegated
        // credential at once.
        let major = unsafe {
            (library.calls.gss_accept_sec_context)(
                &mut minor,
                &mut self.handle,
                credential.handle,
                &Buffer::of(token),
                null(),
                &mut source.handle,
                &mut mechanism,
                &mut made.buffer,
                &mut flags,
                null_mut(),
                &mut delegated.handle,
            )
        };
        let status = Status { major, minor };
        let outcome = if status.continues() {
            Ok(Outcome::Continues)
        } else if !status.is_complete() {
            Err(library.describe(status))
        } else if is_kerberos(mechanism) {
            source.described(mechanism).map(|(principal, local_name)| Outcome::Complete {
                flags: Flags(flags),
                principal,
                local_name,
            })
        } else {
            Err("the context is not of Kerberos".to_owned())
        };
        Accepted { token: made.bytes().to_vec(), outcome }
    }

    /// The MIC of a message.
    pub(super) fn mic(&self, message: &[u8]) -> Result<Vec<u8>, String> {
        let (mut minor, mut made) = (0, Made::new(self.library));
        // SAFETY: all pointers are to values that live until the call returns; the context is null or
        // one of the library.
        let major = unsafe {
            (self.library.calls.gss_get_mic)(
                &mut minor,
                self.handle,
                0,
                &Buffer::of(message),
                &mut made.buffer,
            )
        };
        let status = Status { major, minor };
        if status.is_complete() {
            Ok(made.bytes().to_vec())
        } else {
            Err(self.library.describe(status))
        }
    }

    /// Checks a MIC.
    pub(super) fn verify(&self, message: &[u8], mic: &[u8]) -> Result<(), String> {
        let mut minor = 0;
        // SAFETY: as for `mic`.
        let major = unsafe {
            (self.library.calls.gss_verify_mic)(
                &mut minor,
                self.handle,
                &Buffer::of(message),
                &Buffer::of(mic),
                null_mut(),
            )
        };
        let status = Status { major, minor };
        if status.is_complete() { Ok(()) } else { Err(self.library.describe(status)) }
    }
}

impl Name {
    /// The principal, and the account of the library's rules, or nothing.
    fn described(&self, mechanism: *const Oid) -> Result<(String, String), String> {
        let Self { handle, library } = *self;
        // SAFETY: the name is one of the library; the pointers are to values that live until the call
        // returns.
        let principal = library.text_of(|minor, out| unsafe {
            (library.calls.gss_display_name)(minor, handle, out, null_mut())
        })?;
        let local_name = library.calls.optional.gss_localname.and_then(|local_name| {
            // SAFETY: as above; the mechanism is one of the library's own objects.
            library.text_of(|minor, out| unsafe { local_name(minor, handle, mechanism, out) }).ok()
        });
        Ok((principal, local_name.unwrap_or_default()))
    }
}

fn is_kerberos(mechanism: *const Oid) -> bool {
    // SAFETY: null, or an object of the library that lives as long as it.
    let Some(oid) = (unsafe { mechanism.as_ref() }) else {
        return false;
    };
    let Ok(length) = usize::try_from(oid.length) else {
        return false;
    };
    if oid.elements.is_null() {
        return false;
    }
    // SAFETY: the library has set both fields together.
    let bytes: &[u8] = unsafe { std::slice::from_raw_parts(oid.elements.cast(), length) };
    KERBEROS.get(2..) == Some(bytes)
}

/// A text for the library; `None` if it has a 0 in it.
pub(super) fn c_text(text: &str) -> Option<CString> {
    CString::new(text).ok()
}
