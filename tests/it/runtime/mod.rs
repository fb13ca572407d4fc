//! What operators read of the machinery.

mod report;
