//! Credentials at rest, sealed with age.
