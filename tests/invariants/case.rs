//! What can happen to a district and to its feeds, and the making of cases from seeds.

use crate::district::TABLES;
use proptest::{
    collection::vec,
    prelude::{Just, Strategy, any, prop_oneof},
    sample::select,
    strategy::BoxedStrategy,
};
use roster_core::EntityKind;
use std::fmt;

/// One thing that happens.  Numbers choose among what there is at that moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A record leaves the source.
    Remove { entity: EntityKind, nth: usize },
    /// A record that left comes back.
    Restore { nth: usize },
    /// A text changes.
    Change { entity: EntityKind, nth: usize },
    /// An optional field is filled or emptied.
    Blank { entity: EntityKind, nth: usize },
    /// A reference names another record.
    Refer { entity: EntityKind, nth: usize, to: usize },
    /// A new record.
    Add { entity: EntityKind, nth: usize },
    /// The source gives its records in another order.
    Reorder { entity: EntityKind, by: usize },
    /// Tonight a record cannot be read.
    Break { entity: EntityKind, nth: usize, how: Breakage },
    /// Tonight a record comes twice, the second time with another text.
    Twice { entity: EntityKind, nth: usize },
    /// Tonight a reference names nobody.
    Dangle { entity: EntityKind, nth: usize, field: usize },
    /// Tonight a record is not in the feed.
    Forget { entity: EntityKind, nth: usize },
    /// Tonight a record is marked as gone.
    MarkGone { entity: EntityKind, nth: usize },
    /// Tonight the feed has no record of an entity.
    Empty { entity: EntityKind },
    /// Tonight the feed does not speak of an entity.
    Missing { entity: EntityKind },
    /// Tonight the feed gives changes of an entity: some of its records, and some of those that are gone.
    Delta { entity: EntityKind, given: u32 },
    /// Tonight nothing says whether the files are complete.
    NoManifest,
    /// Tonight the feed ends in the middle, at so many thousandths.
    Cut { at: usize },
    /// The night is run once more with the same feed.
    Again,
}

/// What is wrong with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Breakage {
    /// A required field is empty.
    MissingRequired,
    /// A date is none.
    BadDate,
    /// There are more cells than columns.
    TooWide,
    /// It has no key.
    NoKey,
    /// It is no record at all.
    Malformed,
}

/// What happens from night to night, after a first night of the whole district.
#[derive(Clone)]
pub(crate) struct Case(pub(crate) Vec<Vec<Step>>);

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, night) in self.0.iter().enumerate() {
            writeln!(f, "  night {}: {night:?}", number + 2)?;
        }
        Ok(())
    }
}

/// All cases.
pub(crate) fn cases() -> BoxedStrategy<Case> {
    vec(vec(step(), 0..7), 1..7).prop_map(Case).boxed()
}

fn step() -> BoxedStrategy<Step> {
    let place = || (select(TABLES.each_ref().map(|it| it.entity).to_vec()), 0_usize..64);
    let entity = || place().prop_map(|it| it.0);
    let at_source = prop_oneof![
        6 => place().prop_map(|(entity, nth)| Step::Remove { entity, nth }),
        3 => (0_usize..64).prop_map(|nth| Step::Restore { nth }),
        4 => place().prop_map(|(entity, nth)| Step::Change { entity, nth }),
        3 => place().prop_map(|(entity, nth)| Step::Blank { entity, nth }),
        3 => (place(), 0_usize..64).prop_map(|((entity, nth), to)| Step::Refer { entity, nth, to }),
        3 => place().prop_map(|(entity, nth)| Step::Add { entity, nth }),
        1 => place().prop_map(|(entity, by)| Step::Reorder { entity, by }),
    ];
    let in_feed = prop_oneof![
        8 => (place(), breakage()).prop_map(|((entity, nth), how)| Step::Break { entity, nth, how }),
        2 => place().prop_map(|(entity, nth)| Step::Twice { entity, nth }),
        4 => (place(), 0_usize..8).prop_map(|((entity, nth), field)| Step::Dangle { entity, nth, field }),
        3 => place().prop_map(|(entity, nth)| Step::Forget { entity, nth }),
        2 => place().prop_map(|(entity, nth)| Step::MarkGone { entity, nth }),
        2 => entity().prop_map(|entity| Step::Empty { entity }),
        3 => entity().prop_map(|entity| Step::Missing { entity }),
        3 => (entity(), any::<u32>()).prop_map(|(entity, given)| Step::Delta { entity, given }),
        1 => Just(Step::NoManifest),
        1 => (0_usize..1000).prop_map(|at| Step::Cut { at }),
        1 => Just(Step::Again),
    ];
    prop_oneof![at_source, in_feed].boxed()
}

fn breakage() -> BoxedStrategy<Breakage> {
    let all = [
        Breakage::MissingRequired,
        Breakage::BadDate,
        Breakage::TooWide,
        Breakage::NoKey,
        Breakage::Malformed,
    ];
    select(all.to_vec()).boxed()
}
