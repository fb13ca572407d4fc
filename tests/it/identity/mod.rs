//! Who may do what, seen from outside.

mod desktop;
mod matrix;
mod medians;
