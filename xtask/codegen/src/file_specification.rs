//! `docs/file-specification/`: what districts are given, and files to start from.

use crate::{Document, GENERATED};
use connector_sftp_spec::{document, schema, template};

const FOLDER: &str = "docs/file-specification";

pub(crate) fn documents() -> impl Iterator<Item = Document> {
    let document =
        |name: String, text| Document { path: format!("{FOLDER}/{name}").into(), text: Ok(text) };
    let markdown = format!("{GENERATED}\n\n{}", document::markdown());
    let pages = [
        ("README.md".to_owned(), markdown),
        ("index.html".to_owned(), document::html()),
        ("schema.json".to_owned(), schema::json_schema()),
        ("example/manifest.csv".to_owned(), template::manifest()),
    ];
    let empty = template::empty().into_iter().map(|it| (format!("empty/{}", it.0), it.1));
    let example = template::EXAMPLE.iter();
    let example = example.map(|it| (format!("example/{}", it.0), it.1.to_owned()));
    pages.into_iter().chain(empty).chain(example).map(move |it| document(it.0, it.1))
}
