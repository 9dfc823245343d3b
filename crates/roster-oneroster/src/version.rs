//! Editions of the OneRoster CSV binding.

use std::fmt;

/// An edition of the binding.
///
/// 1.1.1 has the columns of 1.1.  1.2.0 and 1.2.1 both call themselves `1.2` in the manifest and differ in one column
/// of `users.csv`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// 1.0: seven files, no manifest, names of its own.
    V1_0,
    /// 1.1 and 1.1.1.
    V1_1,
    /// 1.2 as first published, with `resourceSourcedIds` in `users.csv`.
    V1_2_0,
    /// 1.2 as it stands.
    V1_2_1,
}

impl Version {
    /// All of them, oldest first.
    pub const ALL: &'static [Self] = &[Self::V1_0, Self::V1_1, Self::V1_2_0, Self::V1_2_1];

    /// What the manifest calls it.
    #[must_use]
    pub fn declared(self) -> &'static str {
        match self {
            Self::V1_0 => "1.0",
            Self::V1_1 => "1.1",
            Self::V1_2_0 | Self::V1_2_1 => "1.2",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V1_0 => "1.0",
            Self::V1_1 => "1.1",
            Self::V1_2_0 => "1.2.0",
            Self::V1_2_1 => "1.2.1",
        })
    }
}

/// A set of editions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Versions(u8);

impl Versions {
    /// None.
    pub const NONE: Self = Self(0);
    /// Every edition.
    pub const ALL: Self = Self(
        Version::V1_0.bit() | Version::V1_1.bit() | Version::V1_2_0.bit() | Version::V1_2_1.bit(),
    );
    /// 1.1 and later.
    pub const FROM_1_1: Self = Self(Self::ALL.0 & !Version::V1_0.bit());
    /// 1.2 and later.
    pub const FROM_1_2: Self = Self(Version::V1_2_0.bit() | Version::V1_2_1.bit());
    /// 1.0 and 1.1.
    pub const UP_TO_1_1: Self = Self(Version::V1_0.bit() | Version::V1_1.bit());
    /// 1.0 alone.
    pub const ONLY_1_0: Self = Self(Version::V1_0.bit());
    /// 1.1 alone.
    pub const ONLY_1_1: Self = Self(Version::V1_1.bit());
    /// 1.2.0 alone.
    pub const ONLY_1_2_0: Self = Self(Version::V1_2_0.bit());

    /// True when the edition is one of them.
    #[must_use]
    pub const fn contains(self, version: Version) -> bool {
        self.0 & version.bit() != 0
    }

    /// True when all of the other set are in this one.
    #[must_use]
    pub const fn includes(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// What is in both sets.
    #[must_use]
    pub const fn and(self, others: Self) -> Self {
        Self(self.0 & others.0)
    }
}
