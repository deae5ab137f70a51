//! Counts what is allocated, so that a target can say how much an input made the program take.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicUsize, Ordering},
};

/// Bytes that are allocated now.
static NOW: AtomicUsize = AtomicUsize::new(0);

/// The most that there were since [`begin`].
static MOST: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static COUNTING: Counting = Counting;

struct Counting;

fn grown(pointer: *mut u8, bytes: usize) -> *mut u8 {
    // What there was no room for is not there.
    if !pointer.is_null() {
        let now = NOW.fetch_add(bytes, Ordering::Relaxed) + bytes;
        MOST.fetch_max(now, Ordering::Relaxed);
    }
    pointer
}

// SAFETY: every call is handed on to the system's allocator as it came; the counts touch none of its memory.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise is the system's condition; so below.
        grown(unsafe { System.alloc(layout) }, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        grown(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as above.
        let moved = grown(unsafe { System.realloc(pointer, layout, size) }, size);
        if !moved.is_null() {
            NOW.fetch_sub(layout.size(), Ordering::Relaxed);
        }
        moved
    }
}

/// Begins to count, and says how much is allocated.
pub(crate) fn begin() -> usize {
    let now = NOW.load(Ordering::Relaxed);
    MOST.store(now, Ordering::Relaxed);
    now
}

/// The most that was allocated at a time since [`begin`].
pub(crate) fn most() -> usize {
    MOST.load(Ordering::Relaxed)
}
