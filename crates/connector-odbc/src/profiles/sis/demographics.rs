//! Race and ethnicity from codes.

use roster_core::model::DemographicsRow;

/// A field of demographics that a race is told by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Race {
    AmericanIndian,
    Asian,
    Black,
    PacificIslander,
    White,
    TwoOrMore,
    Hispanic,
}

impl Race {
    /// By the name of the field.
    pub(crate) fn from_field(field: &str) -> Option<Self> {
        Some(match field {
            "american_indian_or_alaska_native" => Self::AmericanIndian,
            "asian" => Self::Asian,
            "black_or_african_american" => Self::Black,
            "native_hawaiian_or_other_pacific_islander" => Self::PacificIslander,
            "white" => Self::White,
            "demographic_race_two_or_more_races" => Self::TwoOrMore,
            "hispanic_or_latino_ethnicity" => Self::Hispanic,
            _ => return None,
        })
    }
}

/// What is known of somebody's race and ethnicity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Races {
    /// American Indian, Asian, Black, Pacific Islander, White.
    told: [bool; 5],
    two_or_more: bool,
    /// Whether the question of race was answered, if only by none.
    pub(crate) answered: bool,
    /// Hispanic or Latino.
    pub(crate) hispanic: Option<bool>,
}

impl Races {
    /// Adds one.
    pub(crate) fn add(&mut self, race: Race) {
        match race {
            Race::Hispanic => self.hispanic = Some(true),
            Race::TwoOrMore => self.two_or_more = true,
            _ => self.told[race as usize] = true,
        }
        self.answered = true;
    }

    /// Fills the fields of a row.
    pub(crate) fn fill(self, row: &mut DemographicsRow<'_>) {
        row.hispanic_or_latino_ethnicity = self.hispanic;
        if !self.answered {
            return;
        }
        let several = self.told.iter().filter(|it| **it).count() > 1;
        row.american_indian_or_alaska_native = Some(self.told[0]);
        row.asian = Some(self.told[1]);
        row.black_or_african_american = Some(self.told[2]);
        row.native_hawaiian_or_other_pacific_islander = Some(self.told[3]);
        row.white = Some(self.told[4]);
        row.demographic_race_two_or_more_races = Some(self.two_or_more || several);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_races_are_two_or_more_and_an_unanswered_question_is_no_answer() {
        let mut races = Races::default();
        let mut row = DemographicsRow::default();
        races.fill(&mut row);
        assert_eq!((row.asian, row.white), (None, None));
        races.add(Race::Asian);
        races.add(Race::White);
        races.fill(&mut row);
        assert_eq!((row.asian, row.black_or_african_american), (Some(true), Some(false)));
        assert_eq!(row.demographic_race_two_or_more_races, Some(true));
    }
}
