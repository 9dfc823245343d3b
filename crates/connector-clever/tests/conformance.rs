//! What every connector promises, against a made-up Clever.

fn main() {}
