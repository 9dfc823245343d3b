//! The two macros that the tables of entities and vocabularies are written in.

/// Declares vocabularies: enums whose unknown terms are kept as text.
macro_rules! vocabularies {
    ($(
        $(#[doc = $doc:literal])+
        $name:ident { $($(#[doc = $term_doc:literal])+ $variant:ident = $term:literal,)+ }
    )+) => {$(
        $(#[doc = $doc])+
        #[derive(Clone, PartialEq, Eq, Hash)]
        pub enum $name<'a> {
            $($(#[doc = $term_doc])+ $variant,)+
            /// A term that the vocabulary does not list, as the source has it.
            Other(std::borrow::Cow<'a, str>),
        }

        impl<'a> $name<'a> {
            /// The listed terms.
            pub const TERMS: &'static [&'static str] = &[$($term),+];

            /// Reads a term.
            #[must_use]
            pub fn from_term(term: &'a str) -> Self {
                match term {
                    $($term => Self::$variant,)+
                    other => Self::Other(other.into()),
                }
            }

            /// The term's text.
            #[must_use]
            pub fn term(&self) -> &str {
                match self {
                    $(Self::$variant => $term,)+
                    Self::Other(other) => other,
                }
            }

            /// The same term without a borrow.
            #[must_use]
            pub fn into_owned(self) -> $name<'static> {
                match self {
                    $(Self::$variant => $name::$variant,)+
                    Self::Other(other) => $name::Other(other.into_owned().into()),
                }
            }
        }

        impl std::fmt::Debug for $name<'_> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(match self {
                    $(Self::$variant => stringify!($variant),)+
                    Self::Other(_) => "Other(hidden)",
                })
            }
        }

        impl serde::Serialize for $name<'_> {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.term())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name<'static> {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let term = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                Ok($name::from_term(&term).into_owned())
            }
        }

        impl<'a> crate::value::FieldValue<'a> for Option<$name<'a>> {
            type Owned = Option<$name<'static>>;

            fn read(text: Option<&'a str>) -> Self {
                text.map($name::from_term)
            }

            fn write(&self, out: &mut String) -> bool {
                self.as_ref().is_some_and(|it| {
                    out.push_str(it.term());
                    true
                })
            }

            fn to_owned_value(&self) -> Self::Owned {
                self.clone().map($name::into_owned)
            }

            fn from_owned_value(owned: &'a Self::Owned) -> Self {
                owned.as_ref().map(|it| $name::from_term(it.term()))
            }
        }
    )+};
}

/// Declares the entities in load order: kinds, schemas, borrowed rows and owned structs.
///
/// A field is `name: type`, then `required` and `=> Entity` or `=> [Entity]` as they apply.
macro_rules! entities {
    (
        $(
            $(#[doc = $doc:literal])+
            $kind:ident / $row:ident in $table:literal {
                $(
                    $(#[doc = $field_doc:literal])+
                    $field:ident: $type:tt $(($vocabulary:ident))? $($required:ident)? $(=> $reference:tt)?,
                )+
            }
        )+
    ) => {
        /// The entities of the canonical model, in load order: a record refers only to kinds above its own, or to
        /// its own kind.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum EntityKind {
            $($(#[doc = $doc])+ $kind,)+
        }

        impl EntityKind {
            /// All of them, in load order.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)+];

            /// Its schema.
            #[must_use]
            pub fn schema(self) -> &'static EntitySchema {
                match self {
                    $(Self::$kind => {
                        const FIELDS: &[FieldSchema] = &[
                            FieldSchema {
                                name: "source_id",
                                doc: "Key at the source, unique among the district's records of this kind.",
                                field_type: FieldType::Text,
                                required: true,
                                reference: None,
                            },
                            FieldSchema {
                                name: "extensions",
                                doc: "What the source has beyond the model.",
                                field_type: FieldType::Extensions,
                                required: false,
                                reference: None,
                            },
                            $(FieldSchema {
                                name: stringify!($field),
                                doc: concat!($($field_doc,)+),
                                field_type: entities!(@type $type $(($vocabulary))?),
                                required: entities!(@required $($required)?),
                                reference: entities!(@reference $($reference)?),
                            },)+
                        ];
                        const SCHEMA: &EntitySchema = &EntitySchema {
                            kind: EntityKind::$kind,
                            table: $table,
                            doc: concat!($($doc,)+),
                            fields: FIELDS,
                        };
                        SCHEMA
                    })+
                }
            }
        }

        $(
            $(#[doc = $doc])+
            ///
            /// Borrowed from a batch; `Debug` shows no value.
            #[derive(Clone, Default, PartialEq)]
            pub struct $row<'a> {
                /// Key at the source, unique among the district's records of this kind.
                pub source_id: &'a str,
                /// What the source has beyond the model.
                pub extensions: Extensions<'a>,
                $($(#[doc = $field_doc])+ pub $field: entities!(@row $type $(($vocabulary))? $($required)?),)+
            }

            $(#[doc = $doc])+
            ///
            /// Owned; `Debug` shows no value.
            #[derive(Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
            #[serde(deny_unknown_fields)]
            pub struct $kind {
                /// Key at the source, unique among the district's records of this kind.
                pub source_id: String,
                /// What the source has beyond the model.
                #[serde(default, skip_serializing_if = "ExtensionMap::is_empty")]
                pub extensions: ExtensionMap,
                $(
                    $(#[doc = $field_doc])+
                    #[serde(default, skip_serializing_if = "empty")]
                    pub $field: entities!(@owned $type $(($vocabulary))? $($required)?),
                )+
            }

            impl<'a> $row<'a> {
                /// The same without a borrow.
                #[must_use]
                pub fn to_owned_row(&self) -> $kind {
                    $kind {
                        source_id: self.source_id.to_owned(),
                        extensions: self.extensions.decode(),
                        $($field: FieldValue::to_owned_value(&self.$field),)+
                    }
                }

                /// Borrows an owned one.
                #[must_use]
                pub fn borrow(owned: &'a $kind) -> Self {
                    Self {
                        source_id: &owned.source_id,
                        extensions: Extensions::new(&owned.extensions),
                        $($field: FieldValue::from_owned_value(&owned.$field),)+
                    }
                }
            }

            impl<'a> TypedRow<'a> for $row<'a> {
                const ENTITY: EntityKind = EntityKind::$kind;

                fn read(row: &crate::Row<'a>) -> Self {
                    let mut fields = row.fields();
                    let mut next = || fields.next().flatten();
                    Self {
                        source_id: FieldValue::read(next()),
                        extensions: FieldValue::read(next()),
                        $($field: FieldValue::read(next()),)+
                    }
                }

                fn write(&self, out: &mut crate::RowBuilder<'_>) {
                    out.push_with(|text| FieldValue::write(&self.source_id, text));
                    out.push_with(|text| FieldValue::write(&self.extensions, text));
                    $(out.push_with(|text| FieldValue::write(&self.$field, text));)+
                }
            }

            impl std::fmt::Debug for $row<'_> {
                fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.debug_struct(stringify!($row)).finish_non_exhaustive()
                }
            }

            impl std::fmt::Debug for $kind {
                fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.debug_struct(stringify!($kind)).finish_non_exhaustive()
                }
            }
        )+

        /// The row as one line of JSON: its owned struct, serialized.
        ///
        /// # Errors
        ///
        /// The serializer's; canonical text always serializes.
        pub fn owned_json(row: crate::Row<'_>) -> serde_json::Result<String> {
            match row.entity() {
                $(EntityKind::$kind => {
                    serde_json::to_string(&<$row as TypedRow>::read(&row).to_owned_row())
                })+
            }
        }

        #[cfg(test)]
        pub(crate) fn through_owned(row: crate::Row<'_>) -> (String, crate::Rows) {
            let json = owned_json(row).unwrap();
            match row.entity() {
                $(EntityKind::$kind => {
                    let owned: $kind = serde_json::from_str(&json).unwrap();
                    let mut rows = crate::Rows::new(EntityKind::$kind);
                    rows.push(row.position(), &$row::borrow(&owned));
                    (json, rows)
                })+
            }
        }
    };

    (@required) => { false };
    (@required required) => { true };

    (@reference) => { None };
    (@reference [$target:ident]) => { Some(Reference { entity: EntityKind::$target, many: true }) };
    (@reference $target:ident) => { Some(Reference { entity: EntityKind::$target, many: false }) };

    (@type text) => { FieldType::Text };
    (@type boolean) => { FieldType::Boolean };
    (@type integer) => { FieldType::Integer };
    (@type decimal) => { FieldType::Decimal };
    (@type date) => { FieldType::Date };
    (@type list) => { FieldType::TextList };
    (@type identifiers) => { FieldType::Identifiers };
    (@type vocabulary ($vocabulary:ident)) => { FieldType::Vocabulary($vocabulary::TERMS) };

    (@row text required) => { &'a str };
    (@row text) => { Option<&'a str> };
    (@row boolean $($required:ident)?) => { Option<bool> };
    (@row integer $($required:ident)?) => { Option<i64> };
    (@row decimal $($required:ident)?) => { Option<f64> };
    (@row date $($required:ident)?) => { Option<Date> };
    (@row list $($required:ident)?) => { TextList<'a> };
    (@row identifiers $($required:ident)?) => { Identifiers<'a> };
    (@row vocabulary ($vocabulary:ident) $($required:ident)?) => { Option<$vocabulary<'a>> };

    (@owned text required) => { String };
    (@owned text) => { Option<String> };
    (@owned boolean $($required:ident)?) => { Option<bool> };
    (@owned integer $($required:ident)?) => { Option<i64> };
    (@owned decimal $($required:ident)?) => { Option<f64> };
    (@owned date $($required:ident)?) => { Option<Date> };
    (@owned list $($required:ident)?) => { Vec<String> };
    (@owned identifiers $($required:ident)?) => { Vec<Identifier> };
    (@owned vocabulary ($vocabulary:ident) $($required:ident)?) => { Option<$vocabulary<'static>> };
}

pub(super) use {entities, vocabularies};
