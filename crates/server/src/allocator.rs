//! How memory goes back to the system.

/// Octets from which a piece of memory is the system's own to give and to take back.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGE: libc::c_int = 1024 * 1024;

/// Gives large pieces back as soon as they are free. glibc would raise the size from which it does so with each one that
/// it frees, up to 32 MiB, and keep smaller ones: after one message with a large field the process would stay large. For
/// other libraries there is nothing to do.
#[allow(unsafe_code, reason = "there is no safe name for this call")]
pub fn return_large_pieces() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: mallopt(3) takes two numbers and touches no memory of ours; no other thread runs yet.
    let done = unsafe { libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE) };
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    if done == 0 {
        tracing::warn!("large pieces of memory are kept, since the allocator doesn't take their size");
    }
}
