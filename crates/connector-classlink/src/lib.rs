//! ClassLink Roster Server as a roster source.
