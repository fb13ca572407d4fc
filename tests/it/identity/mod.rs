//! Who may do what, seen from outside.

mod matrix;
