//! The configuration as the program uses it: checked, resolved, every source made.

use crate::{
    Limits, Sharing,
    config::{self, ConfigErrors, DistrictConfig, Document, NightConfig, Problem, Step},
    expectation::Expectation,
    keep::KeepSettings,
    registry::{self, SinkAddress},
};
use roster_core::{DistrictId, RosterSource};
use std::{
    collections::HashMap,
    fs, io,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Examples kept of each kind of finding where nothing else is said.
pub const DEFAULT_EXAMPLES: usize = 10;
/// School nights without a change after which a feed is told to stand still, where nothing else is said.
pub const DEFAULT_STALE_AFTER_SCHOOL_NIGHTS: u32 = 5;

/// A district that can be synchronized.
#[derive(Clone, Debug)]
pub struct DistrictSettings {
    /// Its id.
    pub id: DistrictId,
    /// Its name for people.
    pub name: Option<String>,
    /// Its connector's id.
    pub connector: &'static str,
    /// Where its roster comes from.
    pub source: Arc<dyn RosterSource>,
    /// Where its roster goes.
    pub to: SinkAddress,
    /// What of it is shared.
    pub sharing: Sharing,
    /// How long things of it are kept.
    pub keep: KeepSettings,
    /// How much of it a night may change before a person has to look.
    pub limits: Limits,
    /// When its files are expected.
    pub expect: Expectation,
}

/// How nights are run.
#[derive(Clone, Debug)]
pub struct NightSettings {
    /// Districts at the same time.
    pub districts_at_once: NonZeroUsize,
    /// Where plans wait; `None`: beside the sink's file.
    pub work_folder: Option<PathBuf>,
    /// Examples kept of each kind of finding.
    pub examples: usize,
    /// School nights without a change in a feed after which that is told; 0 for never.
    pub stale_after_school_nights: u32,
}

impl Default for NightSettings {
    fn default() -> Self {
        Self {
            districts_at_once: NonZeroUsize::MIN,
            work_folder: None,
            examples: DEFAULT_EXAMPLES,
            stale_after_school_nights: DEFAULT_STALE_AFTER_SCHOOL_NIGHTS,
        }
    }
}

/// A whole configuration.
#[derive(Debug)]
pub struct Settings {
    /// The store's sink.
    pub store: Option<SinkAddress>,
    /// How nights are run.
    pub night: NightSettings,
    /// The districts, in the order of the file.
    pub districts: Vec<DistrictSettings>,
    /// The SFTP drop, if there is to be one.
    #[cfg(feature = "drop")]
    pub drop: Option<roster_drop::DropConfig>,
    /// Where credentials are that are sealed.
    #[cfg(feature = "vault")]
    pub vault: Option<Arc<roster_vault::Vault>>,
    /// What `homeroom serve` needs beside.
    #[cfg(feature = "serve")]
    pub serve: crate::serve::ServeSettings,
}

impl Settings {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it.
    pub fn load(file: &Path) -> Result<Self, ConfigErrors> {
        let name = file.display().to_string();
        let text = fs::read_to_string(file).map_err(|err| unreadable(&name, &err))?;
        let folder = file.parent().filter(|it| !it.as_os_str().is_empty());
        let settings = Self::parse(&name, &text, folder.unwrap_or(Path::new("")))?;
        // Sources read their credentials when they need them, wherever they were made.
        #[cfg(feature = "vault")]
        roster_credentials::use_vault(settings.vault.clone().map(|it| it as _));
        Ok(settings)
    }

    /// Reads a file's text; `name` is the file's name for messages, relative paths start at `base`.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it.
    pub fn parse(name: &str, text: &str, base: &Path) -> Result<Self, ConfigErrors> {
        let document = Document::parse(name, text)?;
        let (config, problems) = config::read(&document);
        let mut resolve = Resolve { document, base, problems };
        let settings = resolve.settings(config);
        let mut problems = resolve.problems;
        problems.sort_by_key(|it| it.line);
        if problems.is_empty() { Ok(settings) } else { Err(ConfigErrors(problems)) }
    }

    /// Every database that remembers nights, each once.
    #[must_use]
    pub fn databases(&self) -> Vec<&SinkAddress> {
        let mut databases: Vec<&SinkAddress> = Vec::new();
        let sinks = self.store.iter().chain(self.districts.iter().map(|it| &it.to));
        for database in sinks.map(SinkAddress::database) {
            if databases.iter().all(|it| !it.is_same(database)) {
                databases.push(database);
            }
        }
        databases
    }
}

fn unreadable(name: &str, error: &io::Error) -> ConfigErrors {
    let message = match error.kind() {
        io::ErrorKind::NotFound => {
            "there is no such file; `homeroom init` writes one, and --config names another"
                .to_owned()
        }
        _ => format!("the file cannot be read: {error}"),
    };
    ConfigErrors(vec![Problem { file: name.to_owned(), line: 1, message }])
}

struct Resolve<'t> {
    document: Document<'t>,
    base: &'t Path,
    problems: Vec<Problem>,
}

impl Resolve<'_> {
    fn tell(&mut self, path: &[Step], message: impl Into<String>) {
        self.problems.push(self.document.problem(path, message));
    }

    fn settings(&mut self, config: config::Config) -> Settings {
        #[cfg(feature = "drop")]
        let drop = self.drop(config.drop.clone());
        #[cfg(feature = "serve")]
        let serve = self.serve(&config);
        #[cfg(feature = "vault")]
        let vault = self.vault(&config.vault);
        let config::Config { store, night, district, .. } = config;
        let store = store.to.and_then(|it| self.sink(&["store".into(), "to".into()], &it, None));
        self.duplicates(&district);
        for problem in night.limits.problems() {
            self.tell(&["night".into(), "limits".into(), problem.key.into()], problem.message);
        }
        let districts = district.into_iter().enumerate();
        let districts = districts.filter_map(|(number, it)| {
            Some((number, self.district(number, it, store.as_ref(), &night)?))
        });
        let districts: Vec<_> = districts.collect();
        self.shared_files(&districts);
        let districts = districts.into_iter().map(|it| it.1).collect();
        let night = NightSettings {
            districts_at_once: night.districts_at_once.unwrap_or(NonZeroUsize::MIN),
            work_folder: night.work_folder.map(|it| self.base.join(it)),
            examples: night.examples.unwrap_or(DEFAULT_EXAMPLES),
            stale_after_school_nights: night
                .stale_after_school_nights
                .unwrap_or(DEFAULT_STALE_AFTER_SCHOOL_NIGHTS),
        };
        Settings {
            store,
            night,
            districts,
            #[cfg(feature = "drop")]
            drop,
            #[cfg(feature = "vault")]
            vault,
            #[cfg(feature = "serve")]
            serve,
        }
    }

    #[cfg(feature = "drop")]
    fn drop(&mut self, config: Option<roster_drop::DropConfig>) -> Option<roster_drop::DropConfig> {
        let config = config?.resolve(self.base);
        for problem in config.problems() {
            let path: Vec<Step> = problem.key.split('.').map(Step::from).collect();
            self.tell(&[vec!["drop".into()], path].concat(), problem.message);
        }
        Some(config)
    }

    #[cfg(feature = "vault")]
    fn vault(&mut self, config: &roster_vault::VaultConfig) -> Option<Arc<roster_vault::Vault>> {
        let key = config.key.clone()?;
        if let Some(message) = key.problem() {
            self.tell(&["vault".into(), "key".into()], message);
        }
        let folder = config.folder.as_deref().unwrap_or(Path::new("vault"));
        Some(Arc::new(roster_vault::Vault::new(self.base.join(folder), key.at(self.base))))
    }

    #[cfg(feature = "serve")]
    fn serve(&mut self, config: &config::Config) -> crate::serve::ServeSettings {
        let (settings, problems) = crate::serve::ServeSettings::resolve(config, self.base);
        for (path, message) in problems {
            self.tell(&path, message);
        }
        settings
    }

    fn duplicates(&mut self, districts: &[DistrictConfig]) {
        let mut first: HashMap<&str, usize> = HashMap::new();
        for (number, district) in districts.iter().enumerate() {
            let Some(id) = district.id.as_deref() else { continue };
            if let Some(earlier) = first.get(id) {
                let line = self.document.problem(&id_path(*earlier), "").line;
                let message = format!("district {id:?} is there twice, first in line {line}");
                self.tell(&id_path(number), message);
            } else {
                first.insert(id, number);
            }
        }
    }

    /// Files that are for one district and named by several.
    fn shared_files(&mut self, districts: &[(usize, DistrictSettings)]) {
        for (place, (number, district)) in districts.iter().enumerate() {
            let to = &district.to;
            let mut earlier = districts[..place].iter().map(|it| &it.1);
            let shared = earlier.find(|it| to.is_for_one_district() && it.to.is_same_place(to));
            if let Some(other) = shared {
                let message = format!(
                    "{to} is for one district, and {} has it; name a file for each",
                    other.id
                );
                self.tell(&district_path(*number, &["to"]), message);
            }
        }
    }

    fn district(
        &mut self,
        number: usize,
        district: DistrictConfig,
        store: Option<&SinkAddress>,
        night: &NightConfig,
    ) -> Option<DistrictSettings> {
        let DistrictConfig { id, name, source, to, sharing, limits, keep, expect, .. } = district;
        let at = |keys: &[&str]| district_path(number, keys);
        let id = id.and_then(|it| self.id(&at(&["id"]), &it));
        let to = match to {
            Some(to) => self.sink(&at(&["to"]), &to, store),
            None => store.cloned().or_else(|| self.no_sink(&at(&[]))),
        };
        for problem in sharing.problems() {
            self.tell(&at(&["sharing", problem.key]), problem.message);
        }
        for problem in limits.problems() {
            self.tell(&at(&["limits", problem.key]), problem.message);
        }
        let limits = Limits::new([limits, night.limits.clone()]);
        let keep = keep.or(&night.keep);
        let expect = expect
            .resolve()
            .map_err(|(key, message)| self.tell(&at(&["expect", key]), message))
            .ok();
        let (connector, source) = self.source(number, &source?)?;
        let (id, to, expect) = (id?, to?, expect?);
        Some(DistrictSettings { id, name, connector, source, to, sharing, keep, limits, expect })
    }

    fn id(&mut self, path: &[Step], id: &str) -> Option<DistrictId> {
        id.parse().map_err(|message: String| self.tell(path, message)).ok()
    }

    /// Nights of a sink that is no database are remembered in the store, if that is one.
    fn sink(
        &mut self,
        path: &[Step],
        to: &str,
        store: Option<&SinkAddress>,
    ) -> Option<SinkAddress> {
        let store = store.filter(|it| it.is_database());
        SinkAddress::parse(to, self.base, store).map_err(|message| self.tell(path, message)).ok()
    }

    fn no_sink(&mut self, path: &[Step]) -> Option<SinkAddress> {
        // A store that is there and wrong has been told already.
        if !self.document.has(&["store".into(), "to".into()]) {
            self.tell(path, "the district has no sink: set to in [store], or in the district");
        }
        None
    }

    fn source(
        &mut self,
        number: usize,
        source: &config::SourceConfig,
    ) -> Option<(&'static str, Arc<dyn RosterSource>)> {
        let entry = registry::connector(&source.connector).ok()?;
        let path = |key: &str| {
            let keys = key.split('.').filter(|it| !it.is_empty());
            let keys: Vec<_> = std::iter::once("source").chain(keys).collect();
            district_path(number, &keys)
        };
        // Keys that are missing or wrong in form have been told already, and the source cannot be made for that reason.
        let told = !self.problems.is_empty();
        match entry.configure(source.keys.expose().clone(), self.base) {
            Ok(source) => Some((entry.id(), source)),
            Err(problems) => {
                for (key, message) in problems.into_iter().filter(|it| !(told && it.0.is_empty())) {
                    self.tell(&path(&key), message);
                }
                None
            }
        }
    }
}

fn id_path(number: usize) -> Vec<Step> {
    district_path(number, &["id"])
}

fn district_path(number: usize, keys: &[&str]) -> Vec<Step> {
    let keys = keys.iter().map(|it| Step::from(*it));
    [Step::from("district"), Step::from(number)].into_iter().chain(keys).collect()
}
