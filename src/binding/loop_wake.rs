//! Wakes the JavaScript thread through its libuv loop. A threadsafe function does the same, but holds
//! its lock while it wakes: JavaScript, awake at once on another processor, then sleeps again to wait
//! for the lock. The functions of libuv are those of the process that has loaded the addon; where
//! there are none, `server.rs` falls back to the threadsafe function.

use std::ffi::{c_int, c_void};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use napi::bindgen_prelude::Function;
use napi::{Env, JsValue, sys};
use parking_lot::{Mutex, RwLock};

use super::program::Wake;

/// uv.h: `UV_ASYNC` of `uv_handle_type`.
const UV_ASYNC: c_int = 1;

type HandleCallback = unsafe extern "C" fn(handle: *mut c_void);

/// Functions of libuv, with the types of uv.h.
struct Uv {
    async_init: unsafe extern "C" fn(*mut c_void, *mut c_void, HandleCallback) -> c_int,
    async_send: unsafe extern "C" fn(*mut c_void) -> c_int,
    close: unsafe extern "C" fn(*mut c_void, HandleCallback),
    unref: unsafe extern "C" fn(*mut c_void),
    handle_size: unsafe extern "C" fn(c_int) -> usize,
    get_data: unsafe extern "C" fn(*const c_void) -> *mut c_void,
    set_data: unsafe extern "C" fn(*mut c_void, *mut c_void),
}

impl Uv {
    /// Those of this process, if it has them.
    fn of_process() -> Option<&'static Self> {
        static UV: OnceLock<Option<Uv>> = OnceLock::new();
        UV.get_or_init(Self::load).as_ref()
    }

    fn load() -> Option<Self> {
        #[cfg(unix)]
        let process = libloading::os::unix::Library::this();
        #[cfg(windows)]
        let process = libloading::os::windows::Library::this().ok()?;
        // SAFETY: the names are those of libuv's functions, which have these types since version 1.19
        // (Node 10); the process is never unloaded.
        unsafe {
            Some(Self {
                async_init: *process.get(b"uv_async_init\0").ok()?,
                async_send: *process.get(b"uv_async_send\0").ok()?,
                close: *process.get(b"uv_close\0").ok()?,
                unref: *process.get(b"uv_unref\0").ok()?,
                handle_size: *process.get(b"uv_handle_size\0").ok()?,
                get_data: *process.get(b"uv_handle_get_data\0").ok()?,
                set_data: *process.get(b"uv_handle_set_data\0").ok()?,
            })
        }
    }
}

/// Calls a JavaScript function on its thread; never keeps the process alive.
pub(super) struct LoopWake(Arc<Waker>);

/// What the handle of the loop points to, until it is closed.
struct Waker {
    uv: &'static Uv,
    /// `None` once it is being closed.
    handle: RwLock<Option<NonNull<c_void>>>,
    /// Nobody wakes any more.
    dropped: AtomicBool,
    on_thread: Mutex<OnThread>,
}

/// What only the JavaScript thread uses.
struct OnThread {
    env: sys::napi_env,
    /// The function to call.
    callback: sys::napi_ref,
    /// Told when the handle is closed: the environment waits for it.
    cleanup: sys::napi_async_cleanup_hook_handle,
    /// The handle lies in it.
    memory: Box<[u64]>,
}

// SAFETY: any thread may read `handle` and give it to `uv_async_send`, the one function of libuv that
// may be called anywhere; it stays valid while the read lock is held, because closing it takes the
// write lock first. What else there is of pointers is used on the JavaScript thread only.
unsafe impl Send for Waker {}
// SAFETY: as above.
unsafe impl Sync for Waker {}

impl LoopWake {
    /// Has `callback` called on this thread; `None` where the process has no libuv.
    pub(super) fn new(env: &Env, callback: &Function<'_, (), ()>) -> Option<Self> {
        let uv = Uv::of_process()?;
        let env = env.raw();
        let mut uv_loop = ptr::null_mut();
        // SAFETY: `env` is the environment of the call under way; the result is written on success.
        let status = unsafe { sys::napi_get_uv_event_loop(env, &raw mut uv_loop) };
        if status != sys::Status::napi_ok || uv_loop.is_null() {
            return None;
        }
        // SAFETY: it takes a number of the enumeration.
        let len = unsafe { (uv.handle_size)(UV_ASYNC) };
        let mut memory = vec![0_u64; len.div_ceil(8)].into_boxed_slice();
        let handle = NonNull::new(memory.as_mut_ptr().cast::<c_void>())?;
        let mut reference = ptr::null_mut();
        // SAFETY: both are of the call under way.
        let status =
            unsafe { sys::napi_create_reference(env, callback.raw(), 1, &raw mut reference) };
        if status != sys::Status::napi_ok {
            return None;
        }
        // SAFETY: the loop is that of this thread, and the memory has the size of the handle and stays
        // where it is until the handle is closed.
        if unsafe { (uv.async_init)(uv_loop.cast(), handle.as_ptr(), on_wake) } != 0 {
            // SAFETY: made above, and used by nobody.
            unsafe { sys::napi_delete_reference(env, reference) };
            return None;
        }
        let cleanup = ptr::null_mut();
        let on_thread = OnThread { env, callback: reference, cleanup, memory };
        let waker = Arc::new(Waker {
            uv,
            handle: RwLock::new(Some(handle)),
            dropped: AtomicBool::new(false),
            on_thread: Mutex::new(on_thread),
        });
        let data = Arc::into_raw(Arc::clone(&waker)).cast_mut().cast::<c_void>();
        let mut cleanup = ptr::null_mut();
        // SAFETY: the handle was initialized above. `data` is a count of the Arc, which `on_closed`
        // gives back; the hook is removed there too, so that it never runs later.
        unsafe {
            (uv.unref)(handle.as_ptr());
            (uv.set_data)(handle.as_ptr(), data);
            sys::napi_add_async_cleanup_hook(env, Some(on_environment_end), data, &raw mut cleanup);
        }
        waker.on_thread.lock().cleanup = cleanup;
        Some(Self(waker))
    }
}

impl Wake for LoopWake {
    fn wake(&self) -> bool {
        self.0.send()
    }
}

impl Drop for LoopWake {
    fn drop(&mut self) {
        // On any thread: the loop closes its handle itself.
        self.0.dropped.store(true, Ordering::Release);
        self.0.send();
    }
}

impl Waker {
    /// `false` when the handle is closed.
    fn send(&self) -> bool {
        let handle = self.handle.read();
        handle.is_some_and(|handle| {
            // SAFETY: the handle is open while the lock is held.
            unsafe { (self.uv.async_send)(handle.as_ptr()) };
            true
        })
    }

    /// Calls the function; on the JavaScript thread.
    fn call(&self) {
        let (env, callback) = {
            let on_thread = self.on_thread.lock();
            (on_thread.env, on_thread.callback)
        };
        let mut scope = ptr::null_mut();
        let (mut global, mut function) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: on the thread of `env`, called by its loop, so that no JavaScript runs; every value
        // lives in the scope that is opened first, and the reference until the handle is closed.
        unsafe {
            if sys::napi_open_handle_scope(env, &raw mut scope) != sys::Status::napi_ok {
                return;
            }
            let found = sys::napi_get_global(env, &raw mut global) == sys::Status::napi_ok
                && sys::napi_get_reference_value(env, callback, &raw mut function)
                    == sys::Status::napi_ok;
            if found && !function.is_null() {
                let (context, arguments) = (ptr::null_mut(), ptr::null());
                let result = ptr::null_mut();
                let status =
                    sys::napi_make_callback(env, context, global, function, 0, arguments, result);
                if status == sys::Status::napi_pending_exception {
                    let mut error = ptr::null_mut();
                    sys::napi_get_and_clear_last_exception(env, &raw mut error);
                    sys::napi_fatal_exception(env, error);
                }
            }
            sys::napi_close_handle_scope(env, scope);
        }
    }

    /// Closes the handle, once; on the JavaScript thread.
    fn close(&self) {
        let Some(handle) = self.handle.write().take() else {
            return;
        };
        let on_thread = self.on_thread.lock();
        // SAFETY: on the thread of the loop and of `env`. Nobody sends any more, as the handle was
        // taken; its memory is freed in `on_closed`.
        unsafe {
            sys::napi_delete_reference(on_thread.env, on_thread.callback);
            (self.uv.close)(handle.as_ptr(), on_closed);
        }
    }
}

/// The waker of a handle or a hook, with a count of its own.
///
/// # Safety
///
/// `data` has to be that of [`LoopWake::new`], and `on_closed` must not have run.
unsafe fn waker(data: *mut c_void) -> Arc<Waker> {
    let data = data.cast_const().cast::<Waker>();
    // SAFETY: by the caller; the count that `data` stands for is not touched.
    unsafe {
        Arc::increment_strong_count(data);
        Arc::from_raw(data)
    }
}

unsafe extern "C" fn on_wake(handle: *mut c_void) {
    let Some(uv) = Uv::of_process() else {
        return;
    };
    // SAFETY: libuv calls this for an open handle only, whose data `LoopWake::new` has set.
    let waker = unsafe { waker((uv.get_data)(handle)) };
    if waker.dropped.load(Ordering::Acquire) {
        waker.close();
    } else {
        waker.call();
    }
}

unsafe extern "C" fn on_environment_end(
    _hook: sys::napi_async_cleanup_hook_handle,
    data: *mut c_void,
) {
    // SAFETY: the hook is removed in `on_closed`.
    let waker = unsafe { waker(data) };
    waker.close();
}

unsafe extern "C" fn on_closed(handle: *mut c_void) {
    let Some(uv) = Uv::of_process() else {
        return;
    };
    // SAFETY: libuv calls this once for a handle that `LoopWake::new` has made. The count of the Arc
    // that its data stands for ends here, and with the hook removed nobody has the pointer any more.
    let waker = unsafe { Arc::from_raw((uv.get_data)(handle).cast_const().cast::<Waker>()) };
    let mut on_thread = waker.on_thread.lock();
    on_thread.memory = Box::default();
    let cleanup = std::mem::replace(&mut on_thread.cleanup, ptr::null_mut());
    drop(on_thread);
    if !cleanup.is_null() {
        // SAFETY: made by `napi_add_async_cleanup_hook`, and removed once.
        unsafe { sys::napi_remove_async_cleanup_hook(cleanup) };
    }
}
