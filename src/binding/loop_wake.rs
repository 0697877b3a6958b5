//! Wakes the JavaScript thread through its libuv loop, which watches sockets for us too. A threadsafe function does the same, but holds
//! its lock while it wakes: JavaScript, awake at once on another processor, then sleeps again to wait
//! for the lock. The functions of libuv are those of the process that has loaded the addon; where
//! there are none, `server.rs` falls back to the threadsafe function.

use std::ffi::{c_int, c_void};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use napi::bindgen_prelude::Function;
use napi::{Env, JsValue, sys};
use parking_lot::{Mutex, RwLock};

use super::loop_sockets::LoopSockets;
use super::program::Wake;

/// `uv_handle_type` of uv.h.
const UV_ASYNC: c_int = 1;
const UV_POLL: c_int = 8;
/// `uv_poll_event` of uv.h.
const UV_READABLE: c_int = 1;

type HandleCallback = unsafe extern "C" fn(handle: *mut c_void);
type PollCallback = unsafe extern "C" fn(handle: *mut c_void, status: c_int, events: c_int);

/// Functions of libuv, with the types of uv.h.
struct Uv {
    async_init: unsafe extern "C" fn(*mut c_void, *mut c_void, HandleCallback) -> c_int,
    poll_init: unsafe extern "C" fn(*mut c_void, *mut c_void, c_int) -> c_int,
    poll_start: unsafe extern "C" fn(*mut c_void, c_int, PollCallback) -> c_int,
    async_send: unsafe extern "C" fn(*mut c_void) -> c_int,
    close: unsafe extern "C" fn(*mut c_void, HandleCallback),
    unref: unsafe extern "C" fn(*mut c_void),
    handle_size: unsafe extern "C" fn(c_int) -> usize,
    get_data: unsafe extern "C" fn(*const c_void) -> *mut c_void,
    set_data: unsafe extern "C" fn(*mut c_void, *mut c_void),
}

impl Uv {
    /// The functions of this process, if it has libuv.
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
                poll_init: *process.get(b"uv_poll_init\0").ok()?,
                poll_start: *process.get(b"uv_poll_start\0").ok()?,
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

impl Uv {
    /// Memory for a handle, and the handle in it.
    fn room_for(&self, kind: c_int) -> Option<(Vec<Box<[u64]>>, NonNull<c_void>)> {
        // SAFETY: it takes a number of the enumeration.
        let len = unsafe { (self.handle_size)(kind) };
        let mut memory = vec![0_u64; len.div_ceil(8)].into_boxed_slice();
        let handle = NonNull::new(memory.as_mut_ptr().cast::<c_void>())?;
        Some((vec![memory], handle))
    }

    /// A handle that can watch the sockets.
    fn poll(&self, uv_loop: *mut c_void, sockets: LoopSockets) -> Option<Polled> {
        let (memory, poll) = self.room_for(UV_POLL)?;
        // SAFETY: as with `async_init`; the descriptor is open as long as there are `sockets`.
        let status = unsafe { (self.poll_init)(uv_loop, poll.as_ptr(), sockets.descriptor()) };
        (status == 0).then_some((sockets, memory, poll))
    }
}

/// Sockets, and the handle for them with its memory.
type Polled = (LoopSockets, Vec<Box<[u64]>>, NonNull<c_void>);

/// Calls a JavaScript function on its thread; never keeps the process alive.
pub(super) struct LoopWake(Arc<Waker>);

/// The target of the handle's data pointer, until the handle is closed.
struct Waker {
    uv: &'static Uv,
    /// `None` once it is being closed.
    handle: RwLock<Option<NonNull<c_void>>>,
    /// Whether the [`LoopWake`] was dropped.
    dropped: AtomicBool,
    /// The sockets that the loop watches, too.
    sockets: Option<LoopSockets>,
    /// The number of handles that are not closed.
    open: AtomicUsize,
    on_thread: Mutex<OnThread>,
}

/// The fields that only the JavaScript thread uses.
struct OnThread {
    env: sys::napi_env,
    /// The function to call.
    callback: sys::napi_ref,
    /// Removed when the handles are closed: the environment waits for that.
    cleanup: sys::napi_async_cleanup_hook_handle,
    /// The handle that watches the sockets.
    poll: Option<NonNull<c_void>>,
    /// The memory of the handles.
    memory: Vec<Box<[u64]>>,
}

// SAFETY: any thread may read `handle` and give it to `uv_async_send`, the one function of libuv that
// may be called anywhere; it stays valid while the read lock is held, because closing it takes the
// write lock first. What else there is of pointers is used on the JavaScript thread only.
unsafe impl Send for Waker {}
// SAFETY: as above.
unsafe impl Sync for Waker {}

impl LoopWake {
    /// Has `callback` called on this thread for wake-ups and for events of `sockets`; `None` where the
    /// process has no libuv.
    pub(super) fn new(
        env: &Env,
        callback: &Function<'_, (), ()>,
        sockets: impl FnOnce() -> Option<LoopSockets>,
    ) -> Option<Self> {
        let uv = Uv::of_process()?;
        let env = env.raw();
        let mut uv_loop = ptr::null_mut();
        // SAFETY: `env` is the environment of the call under way; the result is written on success.
        let status = unsafe { sys::napi_get_uv_event_loop(env, &raw mut uv_loop) };
        if status != sys::Status::napi_ok || uv_loop.is_null() {
            return None;
        }
        let uv_loop = uv_loop.cast::<c_void>();
        let (mut memory, handle) = uv.room_for(UV_ASYNC)?;
        let mut reference = ptr::null_mut();
        // SAFETY: both are of the call under way.
        let status =
            unsafe { sys::napi_create_reference(env, callback.raw(), 1, &raw mut reference) };
        if status != sys::Status::napi_ok {
            return None;
        }
        // SAFETY: the loop is that of this thread, and the memory has the size of the handle and stays
        // where it is until the handle is closed.
        if unsafe { (uv.async_init)(uv_loop, handle.as_ptr(), on_wake) } != 0 {
            // SAFETY: made above, and used by nobody.
            unsafe { sys::napi_delete_reference(env, reference) };
            return None;
        }
        let poll = sockets().and_then(|sockets| uv.poll(uv_loop, sockets));
        let (sockets, poll) = poll.map_or((None, None), |(sockets, poll_memory, poll)| {
            memory.extend(poll_memory);
            (Some(sockets), Some(poll))
        });
        let cleanup = ptr::null_mut();
        let on_thread = OnThread { env, callback: reference, cleanup, poll, memory };
        let waker = Arc::new(Waker {
            uv,
            handle: RwLock::new(Some(handle)),
            dropped: AtomicBool::new(false),
            sockets,
            open: AtomicUsize::new(if poll.is_some() { 2 } else { 1 }),
            on_thread: Mutex::new(on_thread),
        });
        for handle in poll.into_iter().chain([handle]) {
            let data = Arc::into_raw(Arc::clone(&waker)).cast_mut().cast::<c_void>();
            // SAFETY: the handle was initialized. `data` is a count of the Arc, which `on_closed` gives
            // back.
            unsafe {
                (uv.unref)(handle.as_ptr());
                (uv.set_data)(handle.as_ptr(), data);
            }
        }
        if !waker.begin(poll) {
            waker.close();
            return None;
        }
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
        // This may be any thread: the loop closes its handle itself.
        self.0.dropped.store(true, Ordering::Release);
        self.0.send();
    }
}

impl Waker {
    /// Sets the data pointers of the handles, whose callbacks may come from now on. `false` when the
    /// environment is ending already. On the JavaScript thread.
    fn begin(self: &Arc<Self>, poll: Option<NonNull<c_void>>) -> bool {
        let data = Arc::as_ptr(self).cast_mut().cast::<c_void>();
        let mut cleanup = ptr::null_mut();
        // SAFETY: the handle is open. The hook is removed in `on_closed`, before the last count of the
        // Arc that `self` is in can go.
        let status = unsafe {
            if let (Some(poll), Some(sockets)) = (poll, &self.sockets)
                && (self.uv.poll_start)(poll.as_ptr(), UV_READABLE, on_readable) != 0
            {
                sockets.leave();
            }
            let env = self.on_thread.lock().env;
            sys::napi_add_async_cleanup_hook(env, Some(on_environment_end), data, &raw mut cleanup)
        };
        self.on_thread.lock().cleanup = cleanup;
        status == sys::Status::napi_ok
    }

    /// `false` when the handle is closed.
    fn send(&self) -> bool {
        let handle = self.handle.read();
        handle.is_some_and(|handle| {
            // SAFETY: the handle is open while the lock is held.
            unsafe { (self.uv.async_send)(handle.as_ptr()) };
            true
        })
    }

    /// Calls the JavaScript function; on the JavaScript thread.
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
        if let Some(sockets) = &self.sockets {
            sockets.leave();
        }
        let mut on_thread = self.on_thread.lock();
        // SAFETY: on the thread of the loop and of `env`. Nobody sends any more, as the handle was
        // taken; the memory of both is freed in `on_closed`.
        unsafe {
            sys::napi_delete_reference(on_thread.env, on_thread.callback);
            (self.uv.close)(handle.as_ptr(), on_closed);
            if let Some(poll) = on_thread.poll.take() {
                (self.uv.close)(poll.as_ptr(), on_closed);
            }
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

unsafe extern "C" fn on_readable(handle: *mut c_void, _status: c_int, _events: c_int) {
    let Some(uv) = Uv::of_process() else {
        return;
    };
    // SAFETY: libuv calls this for an open handle only, whose data `LoopWake::new` has set.
    let waker = unsafe { waker((uv.get_data)(handle)) };
    if waker.sockets.as_ref().is_some_and(LoopSockets::serve) {
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
    // SAFETY: libuv calls this once for each handle that `LoopWake::new` has made; a count of the Arc that
    // its data stands for ends here.
    let waker = unsafe { Arc::from_raw((uv.get_data)(handle).cast_const().cast::<Waker>()) };
    if waker.open.fetch_sub(1, Ordering::AcqRel) > 1 {
        return;
    }
    let mut on_thread = waker.on_thread.lock();
    on_thread.memory = Vec::new();
    let cleanup = std::mem::replace(&mut on_thread.cleanup, ptr::null_mut());
    drop(on_thread);
    if !cleanup.is_null() {
        // SAFETY: made by `napi_add_async_cleanup_hook`, and removed once.
        unsafe { sys::napi_remove_async_cleanup_hook(cleanup) };
    }
}
