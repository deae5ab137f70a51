//! Self-rewarding loops: sample, judge oneself, learn, again.

mod agreement;
pub mod cream;
pub mod osp;
pub mod scir;
pub mod seed_ads;
pub mod spa;
pub mod srlm;
pub mod upo;
