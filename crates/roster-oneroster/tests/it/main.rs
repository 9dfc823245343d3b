//! Sets of made-up people: read, refused, written.

#[cfg(test)]
mod deviations;
#[cfg(test)]
mod export;
#[cfg(test)]
mod reading;
#[cfg(test)]
mod support;
