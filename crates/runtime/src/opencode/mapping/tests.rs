//! Events as they were recorded, and what they mean.
