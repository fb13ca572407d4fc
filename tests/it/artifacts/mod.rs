//! Artifacts: uploaded, made by turns, found again, and fetched byte for byte.

mod direct;
mod leftovers;
mod moto;
mod review;
mod tenants;
mod upload;
