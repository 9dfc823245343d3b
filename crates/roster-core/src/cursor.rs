//! Opaque, versioned resume points.

use crate::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// A resume point.  Only the connector that made it can read it; the runner stores it as is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cursor {
    connector: String,
    version: u16,
    data: serde_json::Value,
}

impl Cursor {
    /// Encodes `data` as version `version` of `connector`'s cursor.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Internal`] when `data` cannot be serialized.
    pub fn encode<T: Serialize>(connector: &'static str, version: u16, data: &T) -> Result<Self> {
        let data = serde_json::to_value(data).map_err(|err| {
            Error::new(ErrorKind::Internal, "cursor.encode", "cursor does not serialize")
                .source(err)
        })?;
        Ok(Self { connector: connector.to_owned(), version, data })
    }

    /// Decodes it again.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::CursorInvalid`] when it is another connector's, another version's, or damaged.
    pub fn decode<T: DeserializeOwned>(&self, connector: &'static str, version: u16) -> Result<T> {
        let invalid =
            |why: &'static str| Error::new(ErrorKind::CursorInvalid, "cursor.decode", why);
        if self.connector != connector || self.version != version {
            return Err(invalid("cursor of another connector or version"));
        }
        serde_json::from_value(self.data.clone())
            .map_err(|err| invalid("cursor data is damaged").source(err))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_cursor_is_refused() {
        let cursor = Cursor::encode("fake", 1, &7).unwrap();
        assert_eq!(cursor.decode::<u32>("fake", 1).unwrap(), 7);
        for (connector, version) in [("fake", 2), ("other", 1)] {
            let error = cursor.decode::<u32>(connector, version).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::CursorInvalid);
        }
        assert_eq!(cursor.decode::<bool>("fake", 1).unwrap_err().kind(), ErrorKind::CursorInvalid);
    }
}
