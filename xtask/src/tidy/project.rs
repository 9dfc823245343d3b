//! The project as the rules see it: its text files and packages.

use crate::{Result, process};
use serde_json::Value;
use std::{collections::BTreeMap, fs, path::Path};

/// All text files by their path from the root, and all packages.
#[derive(Debug, Default)]
pub(super) struct Project {
    files: BTreeMap<String, String>,
    packages: Vec<Package>,
}

/// A package of the workspace.
#[derive(Debug)]
pub(super) struct Package {
    pub(super) name: String,
    /// Path of its `Cargo.toml` from the root.
    pub(super) manifest: String,
    /// What it needs when it is used; not what its tests need.
    pub(super) dependencies: Vec<String>,
}

/// Folders that hold nothing of the project.
const LEFT_OUT: &[&str] = &[".git", "homeroom-demo", "target"];

impl Project {
    pub(super) fn read(root: &Path) -> Result<Self> {
        let mut project = Self::default();
        project.read_folder(root, "")?;
        project.read_packages(root)?;
        Ok(project)
    }

    /// A project of a test.
    #[cfg(test)]
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
        Self { files: files.collect(), packages: Vec::new() }
    }

    /// Adds a package to the project of a test.
    #[cfg(test)]
    pub(super) fn with_package(mut self, name: &str, dependencies: &[&str]) -> Self {
        self.packages.push(Package {
            name: name.to_owned(),
            manifest: format!("crates/{name}/Cargo.toml"),
            dependencies: dependencies.iter().map(|it| (*it).to_owned()).collect(),
        });
        self
    }

    /// Paths and texts of all files.
    pub(super) fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Paths and texts of the files whose name ends so.
    pub(super) fn files_named(&self, end: &str) -> impl Iterator<Item = (&str, &str)> {
        self.files().filter(move |it| it.0.ends_with(end))
    }

    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// Whether there is a file or folder at a path.
    pub(super) fn has(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        let folder = format!("{path}/");
        let first_inside = self.files.range(folder.clone()..).next();
        self.files.contains_key(path) || first_inside.is_some_and(|it| it.0.starts_with(&folder))
    }

    pub(super) fn packages(&self) -> &[Package] {
        &self.packages
    }

    fn read_folder(&mut self, folder: &Path, prefix: &str) -> Result {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = format!("{prefix}{name}");
            if entry.file_type()?.is_dir() {
                if !LEFT_OUT.contains(&name.as_str()) {
                    self.read_folder(&entry.path(), &format!("{path}/"))?;
                }
            } else {
                // Data of tests may be of any encoding; the rules look at text only.
                self.files
                    .insert(path, String::from_utf8(fs::read(entry.path())?).unwrap_or_default());
            }
        }
        Ok(())
    }

    fn read_packages(&mut self, root: &Path) -> Result {
        let arguments = ["metadata", "--format-version=1", "--no-deps", "--offline"];
        let text = process::output(process::cargo().args(arguments))?;
        let metadata: Value = serde_json::from_str(&text)?;
        for package in metadata["packages"].as_array().into_iter().flatten() {
            let manifest = Path::new(package["manifest_path"].as_str().unwrap_or_default());
            self.packages.push(Package {
                name: package["name"].as_str().unwrap_or_default().to_owned(),
                manifest: manifest.strip_prefix(root)?.to_string_lossy().into_owned(),
                dependencies: dependencies(package),
            });
        }
        Ok(())
    }
}

fn dependencies(package: &Value) -> Vec<String> {
    let all = package["dependencies"].as_array().into_iter().flatten();
    let used = all.filter(|it| it["kind"].as_str() != Some("dev"));
    used.filter_map(|it| it["name"].as_str()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_files_and_their_folders() {
        let project = Project::of(&[("docs-old/x.md", ""), ("docs/a.md", ""), ("docs/b/c.md", "")]);
        for there in ["docs/a.md", "docs", "docs/", "docs/b"] {
            assert!(project.has(there), "{there}");
        }
        for missing in ["doc", "docs/a", "docs/c.md"] {
            assert!(!project.has(missing), "{missing}");
        }
    }
}
