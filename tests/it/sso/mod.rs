//! Single sign-on of an organisation.

mod configure;
