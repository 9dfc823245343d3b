//! Where credentials come from: environment, files, and a vault sealed with age.
