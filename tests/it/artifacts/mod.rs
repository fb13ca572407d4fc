//! Artifacts: uploaded, made by turns, found again, and fetched byte for byte.

mod azure;
mod azurite;
mod direct;
mod gcs;
mod leftovers;
mod moto;
mod review;
mod tenants;
mod upload;
