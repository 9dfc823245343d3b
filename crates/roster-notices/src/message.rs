//! What is told, and how it is put together.

use crate::notifier::Recipient;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What a notice is about.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Something waits for a person.
    Held,
    /// A night came to no good end.
    Failed,
    /// No night has ended well for too long after its time.
    Late,
    /// The shape of a feed changed, or the feed stands still.
    Drift,
    /// A district shared its roster that is not configured yet.
    Discovered,
    /// What happened in a week.
    Digest,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Held, Self::Failed, Self::Late, Self::Drift, Self::Discovered, Self::Digest];

    /// The stable word.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Failed => "failed",
            Self::Late => "late",
            Self::Drift => "drift",
            Self::Discovered => "discovered",
            Self::Digest => "digest",
        }
    }

    /// Reads the stable word.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.code() == code)
    }

    /// What it is about, as a heading.
    fn title(self) -> &'static str {
        match self {
            Self::Held => "Waits for a person",
            Self::Failed => "Failed",
            Self::Late => "Late",
            Self::Drift => "Changed feeds",
            Self::Discovered => "New districts",
            Self::Digest => "The week",
        }
    }
}

/// One thing that a person should know of one district.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// What it is about.
    pub kind: Kind,
    /// The district's id.
    pub district: String,
    /// What happened, so that the same does not happen twice: `users/255901001/deleted`.
    pub key: String,
    /// One sentence or a few, without values.
    pub text: String,
    /// Where to look.
    pub link: Option<String>,
}

/// What one recipient gets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Message {
    /// One line.
    #[serde(skip)]
    pub subject: String,
    /// Everything, for people.
    pub text: String,
    /// The same for programs.
    pub notices: Vec<Notice>,
}

impl Message {
    fn of(notices: Vec<Notice>) -> Self {
        Self { subject: subject(&notices), text: text(&notices), notices }
    }
}

/// One message for each recipient that is told of any of the notices.  `recipients` are those of a district.
#[must_use]
pub fn group<'r>(
    notices: &[Notice],
    recipients: impl Fn(&str) -> Vec<&'r Recipient>,
) -> Vec<(&'r Recipient, Message)> {
    let mut groups: Vec<(&Recipient, Vec<Notice>)> = Vec::new();
    for notice in notices {
        for recipient in recipients(&notice.district) {
            if !recipient.about.contains(&notice.kind) {
                continue;
            }
            // One who is named twice, for all districts and for one, is told once.
            match groups.iter_mut().find(|it| it.0.channel == recipient.channel) {
                Some(group) if group.1.contains(notice) => {}
                Some(group) => group.1.push(notice.clone()),
                None => groups.push((recipient, vec![notice.clone()])),
            }
        }
    }
    groups.into_iter().map(|(recipient, notices)| (recipient, Message::of(notices))).collect()
}

fn subject(notices: &[Notice]) -> String {
    let mut kinds: BTreeMap<Kind, usize> = BTreeMap::new();
    for notice in notices {
        *kinds.entry(notice.kind).or_default() += 1;
    }
    let words: Vec<_> =
        kinds.iter().map(|(kind, count)| format!("{count} {}", kind.code())).collect();
    match notices {
        [only] => format!("Homeroom: {}: {}", only.district, only.kind.title().to_lowercase()),
        _ => format!("Homeroom: {}", words.join(", ")),
    }
}

fn text(notices: &[Notice]) -> String {
    let mut text = String::new();
    for kind in Kind::ALL {
        let mut of_kind = notices.iter().filter(|it| it.kind == kind).peekable();
        if of_kind.peek().is_none() {
            continue;
        }
        _ = writeln!(text, "{}{}", if text.is_empty() { "" } else { "\n" }, kind.title());
        for notice in of_kind {
            _ = writeln!(text, "- {}: {}", notice.district, notice.text);
            if let Some(link) = &notice.link {
                _ = writeln!(text, "  {link}");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notifier::Channel;

    fn notice(kind: Kind, district: &str) -> Notice {
        let text = "1,052 of 9,870 users would be deleted; they stay".to_owned();
        let link = Some(format!("https://homeroom.example.com/districts/{district}"));
        Notice { kind, district: district.to_owned(), key: "users".to_owned(), text, link }
    }

    #[test]
    fn each_recipient_gets_one_message_of_what_it_asked_for() {
        let to = |address: &str, about: &[Kind]| Recipient {
            channel: Channel::Mail(address.to_owned()),
            about: about.to_vec(),
        };
        let all = to("all@example.com", &Kind::ALL);
        let again = to("all@example.com", &[Kind::Held]);
        let failed = to("failed@example.com", &[Kind::Failed]);
        let notices = [
            notice(Kind::Held, "lakeside"),
            notice(Kind::Failed, "hillcrest"),
            notice(Kind::Held, "riverbend"),
        ];
        let groups = group(&notices, |district| match district {
            "lakeside" => vec![&all, &again],
            _ => vec![&all, &failed],
        });
        let told: Vec<_> = groups.iter().map(|it| (&it.0.channel, it.1.notices.len())).collect();
        assert_eq!(told, [(&all.channel, 3), (&failed.channel, 1)]);
        assert_eq!(groups[0].1.subject, "Homeroom: 2 held, 1 failed");
        assert_eq!(groups[1].1.subject, "Homeroom: hillcrest: failed");
        let text = &groups[0].1.text;
        assert!(text.starts_with("Waits for a person\n- lakeside: 1,052 of"), "{text}");
        assert!(text.contains("\n\nFailed\n- hillcrest: "), "{text}");
    }
}
