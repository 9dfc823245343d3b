//! Columns that, by their names, hold what opens something: never read.

use crate::fold::folded_name;

/// Whether a column's name says that it holds a secret that opens something.
#[must_use]
pub fn holds_credential(name: &str) -> bool {
    let name = ["metadata.", "ext."].iter().find_map(|it| name.strip_prefix(it)).unwrap_or(name);
    let folded = folded_name(name);
    if folded == "pass" || ANYWHERE.iter().any(|it| folded.contains(it)) {
        return true;
    }
    words(name).iter().any(|it| WORDS.contains(&it.as_str()))
}

/// Parts of names that stand for nothing else.
const ANYWHERE: [&str; 5] = ["password", "passwd", "passphrase", "passcode", "pwd"];

/// Words that other words hold, such as `secretary` and `spinal`; and a pass may be one for the bus.
const WORDS: [&str; 3] = ["pin", "secret", "token"];

/// The words of a name, in small letters: `lunchPIN`, `lunch_pin` and `Lunch PIN` have the same two.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let characters: Vec<char> = name.chars().collect();
    for (index, character) in characters.iter().enumerate() {
        let before = index.checked_sub(1).map(|it| characters[it]);
        let after = characters.get(index + 1);
        let starts = character.is_uppercase()
            && before.is_some_and(|it| {
                !it.is_uppercase() || after.is_some_and(|after| after.is_lowercase())
            });
        if starts || !character.is_alphabetic() {
            words.push(String::new());
        }
        if let (true, Some(word)) = (character.is_alphabetic(), words.last_mut()) {
            word.extend(character.to_lowercase());
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_credentials_are_known_by_name() {
        let check = |name: &str, expected: bool| {
            for prefix in ["", "metadata.", "ext."] {
                let name = format!("{prefix}{name}");
                assert_eq!(holds_credential(&name), expected, "{name}");
            }
        };
        for name in ["Password", "initialPassword", "pass word", "student_pwd", "passwd", "pass"] {
            check(name, true);
        }
        for name in ["PIN", "lunchPin", "lunch_pin", "studentPINCode", "passCode", "pass-phrase"] {
            check(name, true);
        }
        for name in ["secret", "secretAnswer", "token", "apiToken", "TOKEN2", "Pass"] {
            check(name, true);
        }
        for name in ["busPass", "passing", "passport", "spinal", "secretary", "tokenized", "pins"] {
            check(name, false);
        }
    }
}
