//! The pass over a district: list after list, in load order, each announced when it is whole.

use crate::{
    config::Mode,
    contacts::Contacts,
    events,
    lists::{Ahead, Records},
    map::{self, Output, People},
    service::{DistrictState, Service},
    source::Inner,
    state::{EventPosition, State},
};
use futures::{StreamExt as _, stream};
use roster_core::{
    Completion, Coverage, EntityKind, Error, ErrorKind, ExtractEvent, ExtractRequest,
    ExtractStream, Result, RunContext, SyncMode, fuse_on_error,
};
use std::{collections::VecDeque, sync::Arc};

/// Entities that are made from people.
pub(crate) const OF_PEOPLE: [EntityKind; 5] = [
    EntityKind::User,
    EntityKind::Role,
    EntityKind::Relationship,
    EntityKind::Demographics,
    EntityKind::Program,
];

/// The stream of a district.
pub(crate) fn stream(
    source: Arc<Inner>,
    ctx: RunContext,
    request: ExtractRequest,
) -> ExtractStream {
    let start = Extraction::new(source, ctx, request);
    let events = stream::unfold(Some(start), |extraction| async move {
        let mut extraction = extraction?;
        match extraction.next().await {
            Ok(Some(event)) => Some((Ok(event), Some(extraction))),
            Ok(None) => None,
            Err(error) => Some((Err(error), None)),
        }
    });
    fuse_on_error(events.boxed())
}

/// What is left to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Begin,
    Schools,
    List(&'static str, EntityKind),
    People,
    EndPeople,
    Enrollments,
    Done(EntityKind),
}

/// A pass under way.
pub(crate) struct Extraction {
    source: Arc<Inner>,
    pub(crate) ctx: RunContext,
    request: ExtractRequest,
    pub(crate) out: Output,
    pub(crate) people: People,
    /// What the last night has left.
    pub(crate) before: Option<State>,
    steps: VecDeque<Step>,
    service: Option<Service>,
    /// How Clever stood with the district when the pass began.
    district: DistrictState,
    /// Whether what is not in the lists is gone.
    whole: bool,
    /// Lists that are being read ahead, in the order they are used.
    ahead: VecDeque<Ahead>,
    /// Where the events go on after this pass.
    pub(crate) events: Option<EventPosition>,
    /// What the next night is given.
    next: Option<roster_core::Cursor>,
}

impl std::fmt::Debug for Extraction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Extraction").field("steps", &self.steps).finish_non_exhaustive()
    }
}

impl Extraction {
    fn new(source: Arc<Inner>, ctx: RunContext, request: ExtractRequest) -> Self {
        Self {
            source,
            ctx,
            out: Output::new(&request),
            request,
            people: People::default(),
            before: None,
            steps: [Step::Begin].into(),
            service: None,
            district: DistrictState::default(),
            whole: true,
            ahead: VecDeque::new(),
            events: None,
            next: None,
        }
    }

    async fn next(&mut self) -> Result<Option<ExtractEvent>> {
        loop {
            if self.ctx.cancel.is_cancelled() {
                let message = "the run was cancelled";
                return Err(Error::new(ErrorKind::Cancelled, "clever.extract", message));
            }
            if let Some(event) = self.out.pop() {
                return Ok(Some(event));
            }
            let Some(step) = self.steps.front().copied() else { return Ok(None) };
            if self.work(step).await? {
                self.steps.pop_front();
            }
        }
    }

    /// Works on a step; true when it is done.
    async fn work(&mut self, step: Step) -> Result<bool> {
        match step {
            Step::Begin => self.begin().await.map(|()| true),
            Step::Schools => self.schools().await,
            Step::List(_, entity) => self.list(entity).await,
            Step::People => self.people().await,
            Step::EndPeople => self.end_people().await.map(|()| true),
            Step::Enrollments => self.enrollments().await,
            Step::Done(entity) => self.done(entity).await.map(|()| true),
        }
    }

    async fn begin(&mut self) -> Result<()> {
        let service = self.source.service(&self.ctx).await?;
        self.district = service.district(&self.ctx).await?;
        // What was kept of another district is worth nothing here.
        self.before = State::of(&self.request)?.filter(|it| it.district == self.district.id);
        self.whole = self.district.is_settled();
        self.people.district.clone_from(&self.district.id);
        if let Some(before) = &self.before {
            self.people.contacts = Contacts::new(before.contacts.clone());
        }
        self.service = Some(service.clone());
        if service.settings.mode == Mode::Events && self.wants_changes() {
            match events::start(self, &service).await? {
                events::Start::Changes => return Ok(()),
                events::Start::Everything(position) => self.events = position,
            }
        }
        self.plan(&service)
    }

    fn wants_changes(&self) -> bool {
        self.request.entities.iter().any(|it| matches!(it.mode, SyncMode::Delta { .. }))
    }

    /// Plans the steps of a full pass, and begins to read what it needs.
    fn plan(&mut self, service: &Service) -> Result<()> {
        let wants = |it: EntityKind| self.request.wants(it);
        let memberships = wants(EntityKind::Enrollment);
        let mut steps = vec![Step::Schools];
        let mut lists = vec!["schools"];
        if wants(EntityKind::Org) {
            steps.push(Step::Done(EntityKind::Org));
        }
        for (list, entity) in [
            ("terms", EntityKind::AcademicSession),
            ("courses", EntityKind::Course),
            ("sections", EntityKind::Section),
        ] {
            if wants(entity) {
                steps.extend([Step::List(list, entity), Step::Done(entity)]);
                lists.push(list);
            }
        }
        if memberships || OF_PEOPLE.iter().any(|it| wants(*it)) {
            steps.extend([Step::People, Step::EndPeople]);
            steps.extend(OF_PEOPLE.into_iter().filter(|it| wants(*it)).map(Step::Done));
            lists.push("users");
        }
        if memberships {
            steps.extend([Step::Enrollments, Step::Done(EntityKind::Enrollment)]);
        }
        for list in lists {
            self.read_ahead(service, list)?;
        }
        self.steps.extend(steps);
        Ok(())
    }

    fn read_ahead(&mut self, service: &Service, list: &str) -> Result<()> {
        let pages = service.list("clever.read", list, "")?;
        self.ahead.push_back(Ahead::start(&self.ctx, pages));
        Ok(())
    }

    /// The next page of the list that is used now; `None`, and the list is left behind, after the last.
    async fn page(&mut self) -> Result<Option<Records>> {
        let Some(ahead) = self.ahead.front_mut() else { return Ok(None) };
        let page = ahead.next().await?;
        if let Some(page) = &page {
            self.out.at(&page.place);
        } else {
            self.out.flush();
            self.ahead.pop_front();
        }
        Ok(page)
    }

    async fn schools(&mut self) -> Result<bool> {
        if self.people.schools.is_empty() {
            map::district(&self.district.record, &mut self.out);
        }
        let Some(page) = self.page().await? else { return Ok(true) };
        for index in 0..page.len() {
            if let Some(id) = map::school(&page, index, &self.district.id, &mut self.out) {
                self.people.schools.insert(id.into());
            }
        }
        Ok(false)
    }

    async fn list(&mut self, entity: EntityKind) -> Result<bool> {
        let Some(page) = self.page().await? else { return Ok(true) };
        for index in 0..page.len() {
            match entity {
                EntityKind::AcademicSession => map::term(&page, index, &mut self.out),
                EntityKind::Course => {
                    map::course(&page, index, &self.district.id, &mut self.out);
                }
                _ => map::section(&page, index, &mut self.out),
            }
        }
        Ok(false)
    }

    async fn people(&mut self) -> Result<bool> {
        let Some(page) = self.page().await? else { return Ok(true) };
        for index in 0..page.len() {
            self.people.person(&page, index, &mut self.out);
        }
        Ok(false)
    }

    /// All people have come.
    async fn end_people(&mut self) -> Result<()> {
        self.people.finish(&mut self.out);
        self.out.flush();
        self.settle().await?;
        // A kind of people that is shared and vanished as a whole is a question for a person, not an answer.
        let vanished = self.before.as_ref().is_some_and(|it| it.lacks_a_kind(&self.people));
        let whole = self.whole && !vanished;
        self.next = Some(self.state(whole).cursor()?);
        if vanished {
            self.whole = false;
        }
        if self.request.wants(EntityKind::Enrollment)
            && let Some(service) = self.service.clone()
        {
            self.read_ahead(&service, "sections")?;
        }
        Ok(())
    }

    /// What the next night is given; `whole` when everybody has come.
    pub(crate) fn state(&mut self, whole: bool) -> State {
        let before = self.before.as_ref().map(|it| it.counts).unwrap_or_default();
        State {
            district: self.district.id.clone(),
            counts: if whole { self.people.counts } else { before },
            contacts: std::mem::take(&mut self.people.contacts).remember(whole),
            events: self.events.clone(),
        }
    }

    async fn enrollments(&mut self) -> Result<bool> {
        let Some(page) = self.page().await? else { return Ok(true) };
        let known = |it: &str| self.people.known.contains(&map::hash(it));
        for index in 0..page.len() {
            map::enrollments(&page, index, known, &mut self.out);
        }
        Ok(false)
    }

    /// Looks again how Clever stands with the district: while it changes what we read, nothing is gone for being absent.
    async fn settle(&mut self) -> Result<()> {
        if let (true, Some(service)) = (self.whole, self.service.clone()) {
            let now = service.district(&self.ctx).await?;
            self.whole = now.is_settled() && self.district.is_same(&now);
        }
        Ok(())
    }

    async fn done(&mut self, entity: EntityKind) -> Result<()> {
        if !OF_PEOPLE.contains(&entity) {
            self.settle().await?;
        }
        let coverage = if self.whole { Coverage::Complete } else { Coverage::Changes };
        self.complete(entity, coverage);
        Ok(())
    }

    /// Announces an entity.
    pub(crate) fn complete(&mut self, entity: EntityKind, coverage: Coverage) {
        // Each of those that are told by keys of people needs what is known of contacts, whichever is asked for.
        let keeps =
            matches!(entity, EntityKind::User | EntityKind::Role | EntityKind::Relationship);
        let next = self.next.clone().filter(|_| keeps);
        self.out.send(ExtractEvent::Done(Completion { entity, coverage, next }));
    }

    /// Sets what the next night is given.
    pub(crate) fn set_next(&mut self, cursor: roster_core::Cursor) {
        self.next = Some(cursor);
    }

    /// Whether an entity is asked for.
    pub(crate) fn wants(&self, entity: EntityKind) -> bool {
        self.request.wants(entity)
    }

    /// The district's key.
    pub(crate) fn district_id(&self) -> &str {
        &self.district.id
    }
}
