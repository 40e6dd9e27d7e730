//! How much is looked at, counted in tests.
//!
//! That a run stays quick with many pools and Services is a matter of how often something is looked at, which can be
//! counted on any machine; seconds cannot. Outside of tests nothing is counted.

#[cfg(test)]
thread_local! {
    static LOOKED: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// A range, a selector, a Service or one who shares was looked at.
#[inline]
pub(in crate::cilium) fn looked() {
    #[cfg(test)]
    LOOKED.with(|looked| looked.set(looked.get() + 1));
}

/// What the work comes to, and how often something was looked at for it.
#[cfg(test)]
pub(in crate::cilium) fn counted<T>(work: impl FnOnce() -> T) -> (T, u64) {
    let before = LOOKED.with(std::cell::Cell::get);
    let result = work();
    (result, LOOKED.with(std::cell::Cell::get) - before)
}
