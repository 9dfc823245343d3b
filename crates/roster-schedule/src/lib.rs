//! When nights run: cron with time zones, catch-up, pauses, caps and retries.
//!
//! Nothing here reads a clock, waits or starts anything: whoever drives it says what time it is, and does what it is
//! told.  So a test takes a thousand districts through a year in seconds.
//!
//! - [`ScheduleConfig`] is how a schedule is written, [`Schedule`] what it comes to.
//! - A [`Schedule`] gives *slots*: the instants at which a night is planned.  A slot belongs to one night, and keeps its
//!   instant however late the night starts.
//! - A [`Scheduler`] takes many districts through their slots.  Every slot ends in exactly one [`Account`]: it ran, it
//!   failed, or it says why it did not run.
//!
//! A night reads what the source has *now*.  After downtime, only the last of several slots is therefore run; those before
//! are accounted for as missed.

mod backoff;
mod clock;
mod config;
mod day;
mod pattern;
mod schedule;
mod scheduler;

pub use backoff::Backoff;
pub use clock::{Clock, FakeClock};
pub use config::{
    ConfigProblem, PauseConfig, RetryConfig, ScheduleConfig, SummerPauseConfig, WindowConfig,
};
pub use pattern::Pattern;
pub use schedule::{Delivery, Schedule, Unplanned};
pub use scheduler::{
    Account, Action, Caps, Ending, Fate, Missed, Night, Scheduler, Standing, StopReason,
};
