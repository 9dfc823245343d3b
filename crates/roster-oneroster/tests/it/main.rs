//! Sets of made-up people: read, refused, written.

#[cfg(test)]
mod deviations;
#[cfg(test)]
mod export;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod modes;
#[cfg(test)]
mod reading;
#[cfg(test)]
mod rejected;
#[cfg(test)]
mod secrecy;
#[cfg(test)]
mod support;
#[cfg(test)]
mod uploads;
