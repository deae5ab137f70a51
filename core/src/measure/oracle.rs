//! The key to the truth.

/// Whoever holds it may ask a world for the truth. It has no public constructor: only modules of
/// `measure` can make one.
///
/// ```compile_fail
/// use selfsame_core::measure::oracle::OracleKey;
/// let key = OracleKey(()); // the field is private
/// ```
///
/// ```compile_fail
/// use selfsame_core::measure::oracle::OracleKey;
/// let key = OracleKey::new(); // visible inside `measure` only
/// ```
#[derive(Debug)]
pub struct OracleKey(());

impl OracleKey {
    pub(in crate::measure) fn new() -> Self {
        Self(())
    }
}
