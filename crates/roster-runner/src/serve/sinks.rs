//! The sinks of all districts, each opened once, when it is first needed.

use crate::{registry::SinkAddress, settings::DistrictSettings};
use roster_core::{DistrictId, Error, ErrorKind, Result};
use roster_sink::Sink;
use std::{collections::HashMap, sync::Arc};
use tokio::sync::OnceCell;

#[derive(Debug)]
struct Place {
    address: SinkAddress,
    prepared: OnceCell<()>,
}

impl Place {
    async fn sink(&self) -> Result<Arc<dyn Sink>> {
        let sink = self.address.sink();
        self.prepared.get_or_try_init(|| sink.prepare()).await?;
        Ok(sink)
    }
}

/// The sinks of all districts.
#[derive(Debug)]
pub(crate) struct SharedSinks {
    places: Vec<Place>,
    of_district: HashMap<DistrictId, usize>,
}

impl SharedSinks {
    pub(crate) fn new(districts: &[DistrictSettings]) -> Self {
        let mut sinks = Self { places: Vec::new(), of_district: HashMap::new() };
        for district in districts {
            let number = sinks.place_of(&district.to);
            sinks.of_district.insert(district.id.clone(), number);
        }
        sinks
    }

    fn place_of(&mut self, address: &SinkAddress) -> usize {
        let known = self.places.iter().position(|it| it.address.is_same(address));
        known.unwrap_or_else(|| {
            self.places.push(Place { address: address.clone(), prepared: OnceCell::new() });
            self.places.len() - 1
        })
    }

    /// The sink of a district, prepared.  One that cannot be prepared now is tried again when it is asked for again.
    pub(crate) async fn of(&self, district: &DistrictId) -> Result<Arc<dyn Sink>> {
        match self.of_district.get(district) {
            Some(number) => self.places[*number].sink().await,
            None => Err(Error::new(ErrorKind::NotFound, "serve.sink", "there is no such district")),
        }
    }

    /// Every sink that has been published to, each once.
    pub(crate) async fn all(&self) -> Result<Vec<Arc<dyn Sink>>> {
        let mut sinks = Vec::new();
        for place in &self.places {
            if place.address.exists().await? {
                sinks.push(place.sink().await?);
            }
        }
        Ok(sinks)
    }
}
