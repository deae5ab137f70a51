//! What is true: oracle reward, judge accuracy, agreement, and the statistics to say so.

pub mod oracle;
