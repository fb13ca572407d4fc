//! Sealed values.
