//! Files that are too large for the database: an object store, and workspaces and projects packed into one object.
//!
//! [`Objects`] is the one way to the store, whichever kind it is. Every key begins with the organisation, or the tenant, that owns the object
//! ([`ObjectKey`]), every content is named by its SHA-256 ([`Checksum`]) and checked against it when it is read, and every
//! operation ends within a time. What lies under which key is written in the database, which also decides who may read it.

pub mod archive;
mod checksum;
mod error;
mod key;
mod objects;
mod open;
mod options;
mod project;
mod upload;

pub use checksum::{Checksum, ParseChecksumError};
pub use error::{ObjectError, OpenError};
pub use key::ObjectKey;
pub use objects::{Objects, Presentation};
pub use options::{AzureCredential, GoogleCredential, ObjectsOptions, Place, S3Credential};
pub use project::{ProjectDocument, ProjectFile, UnpackProjectError};
pub use upload::{Upload, UploadAddress, UploadForm, UploadTerms};
