//! One request, from address to answer:
//!
//! 1. the path leads to the Web API at all,
//! 2. the credential is good and the content type declared,
//! 3. company, module and resource exist, and the user has the rights,
//! 4. the resource offers the verb,
//! 5. key, options and payload are well-formed,
//! 6. the company's books do what is asked.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use crate::sim::{SimReply, SimRequest, Simulator};

use super::super::resource::{Company, Key, Row};
use super::super::schema::{Resource, Verbs, catalogue, metadata};
use super::address::{Address, Place, Target};
use super::config::{Sage300Config, User};
use super::query::{self, Query};
use super::refusal::{self, Outcome};
use super::reply::{self, Origin, Page};
use super::{access, filter, key, payload};

/// A Sage 300 installation with one company.
#[derive(Debug)]
pub struct Sage300Sim<C> {
    config: Sage300Config,
    company: C,
    /// By module and name, aliases included.
    served: BTreeMap<String, BTreeMap<String, &'static Resource>>,
}

impl<C: Company> Sage300Sim<C> {
    /// # Errors
    /// A sentence saying what is wrong with the configuration.
    pub fn new(config: Sage300Config, company: C) -> Result<Self, String> {
        if config.page_size == 0 {
            return Err("page_size must be at least 1".into());
        }
        let served = served(&config)?;
        Ok(Self { config, company, served })
    }

    #[must_use]
    pub fn company(&self) -> &C {
        &self.company
    }

    pub fn company_mut(&mut self) -> &mut C {
        &mut self.company
    }
}

impl<C: Company> Simulator for Sage300Sim<C> {
    fn handle(&mut self, now: Timestamp, request: &SimRequest) -> SimReply {
        self.company.due(now);
        match Place::of(&request.path) {
            Place::Elsewhere => reply::not_found_page(),
            Place::Landing => reply::landing(),
            Place::Module(address) => {
                self.answer(now, request, &address).unwrap_or_else(|error| reply::refusal(&error))
            }
        }
    }

    fn state(&self) -> Value {
        self.company.state()
    }

    fn command(&mut self, now: Timestamp, command: &str, body: &Value) -> Result<Value, String> {
        self.company.due(now);
        match command {
            "set_password" => self.set_password(body),
            _ => self.company.command(now, command, body),
        }
    }
}

impl<C: Company> Sage300Sim<C> {
    /// An administrator gives a user another password: `{user, password}`.
    fn set_password(&mut self, body: &Value) -> Result<Value, String> {
        let given = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_uppercase);
        let (Some(name), Some(password)) = (given("user"), given("password")) else {
            return Err("give user and password".into());
        };
        let user = self.config.users.iter_mut().find(|user| user.user.to_uppercase() == name);
        let user = user.ok_or_else(|| format!("there is no user {name}"))?;
        user.password = password;
        Ok(serde_json::json!({ "user": name }))
    }
}

/// A request whose resource is known and may be used.
struct Asked<'r> {
    now: Timestamp,
    request: &'r SimRequest,
    target: Target,
    resource: &'static Resource,
    type_name: String,
    origin: Origin,
}

impl<C: Company> Sage300Sim<C> {
    fn answer(
        &mut self,
        now: Timestamp,
        request: &SimRequest,
        address: &Address<'_>,
    ) -> Outcome<SimReply> {
        let user = access::user(&self.config, request)?;
        access::json_declared(request)?;
        let target = address.target()?;
        let named = || refusal::resource_not_found(&target.resource);
        if !address.company.eq_ignore_ascii_case(&self.config.company) {
            return Err(named());
        }
        let module = self.served.get(address.module).ok_or_else(named)?;
        if target.resource == "$metadata" && target.key.is_none() {
            return described(request, user, address.module, module);
        }
        let resource = *module.get(&target.resource).ok_or_else(named)?;
        access::module_right(user, address.module)?;
        access::record_right(user, &resource.name)?;
        let host = request.header("host").unwrap_or("localhost");
        let scheme = request.header("x-forwarded-proto").unwrap_or("http");
        let origin = Origin {
            root: format!("{scheme}://{host}{}", address.root),
            resource: target.resource.clone(),
        };
        let type_name = format!("{}.{}", resource.namespace(), resource.shape.name);
        self.serve(&Asked { now, request, target, resource, type_name, origin })
    }

    fn serve(&mut self, asked: &Asked<'_>) -> Outcome<SimReply> {
        let key = asked.target.key.as_deref();
        match (asked.request.method.as_str(), key) {
            ("GET", None) => self.list(asked),
            ("GET", Some(key)) => self.read(asked, key),
            ("POST", None) => self.create(asked),
            ("POST", Some(key)) => self.act(asked, key),
            ("PATCH", Some(key)) => {
                let (key, payload) = asked.change(Verbs::PATCH, key)?;
                self.company.patch(asked.now, &asked.resource.name, &key, &payload)?;
                Ok(SimReply::empty(204))
            }
            ("PUT", Some(key)) => {
                let (key, payload) = asked.change(Verbs::PUT, key)?;
                self.company.put(asked.now, &asked.resource.name, &key, &payload)?;
                Ok(SimReply::empty(204))
            }
            ("DELETE", Some(text)) => {
                asked.offered(Verbs::DELETE)?;
                let key = key::read(text, &asked.resource.shape)?;
                self.company.delete(asked.now, &asked.resource.name, &key)?;
                Ok(SimReply::empty(204))
            }
            _ => Err(asked.not_allowed()),
        }
    }

    fn list(&self, asked: &Asked<'_>) -> Outcome<SimReply> {
        asked.offered(Verbs::GET)?;
        let shape = &asked.resource.shape;
        let query = Query::read(&asked.request.query, shape, &asked.type_name)?;
        let mut rows = self.found(asked.resource, &query);
        sort(&mut rows, &query);
        let count = query.count.then_some(rows.len());
        let asked_for = query.top.unwrap_or(usize::MAX);
        let mut left = rows.into_iter().skip(query.skip).take(asked_for);
        let page: Vec<Row> = left.by_ref().take(self.config.page_size).collect();
        let next_skip = left.next().map(|_| query.skip + page.len());
        let written = |row| match &query.select {
            Some(chosen) => Value::Object(shape.choose(row, chosen)),
            None => Value::Object(shape.complete(self.whole(asked.resource, row))),
        };
        let rows = page.into_iter().map(written).collect();
        let page = Page { count, rows, next_skip };
        Ok(reply::collection(&asked.origin, query.select.as_deref(), page))
    }

    /// The matching rows, no wider than the query needs; details are read later, page by page.
    fn found(&self, resource: &Resource, query: &Query<'_>) -> Vec<Row> {
        let name = &resource.name;
        let mut wanted = query.deciding();
        match &query.select {
            Some(chosen) => wanted.extend(chosen.iter().map(|field| field.name.as_str())),
            None if resource.shape.has_collections() => {
                wanted.extend(resource.shape.keys().map(|field| field.name.as_str()));
            }
            None => wanted.extend(resource.shape.fields.iter().map(|field| field.name.as_str())),
        }
        let Some(filter) = &query.filter else {
            return self.company.list_only(name, &Key::new(), &wanted);
        };
        let mut rows = self.company.list_from(name, &filter.near(), &filter.floor(), &wanted);
        rows.retain(|row| filter.admits(row));
        rows
    }

    /// The row with its details, which may have been left out while searching.
    fn whole(&self, resource: &Resource, row: Row) -> Row {
        if !resource.shape.has_collections() {
            return row;
        }
        self.company.get(&resource.name, &key_of(resource, &row)).unwrap_or(row)
    }

    fn read(&self, asked: &Asked<'_>, key: &str) -> Outcome<SimReply> {
        asked.offered(Verbs::GET)?;
        let shape = &asked.resource.shape;
        let key = key::read(key, shape)?;
        let select = query::select_alone(&asked.request.query, shape, &asked.type_name)?;
        let row = self.company.get(&asked.resource.name, &key);
        let row = row.ok_or_else(refusal::record_not_found)?;
        let row = match &select {
            Some(chosen) => shape.choose(row, chosen),
            None => shape.complete(row),
        };
        Ok(reply::record(200, &asked.origin, select.as_deref(), row))
    }

    /// POST of a record. `BatchStatus: "ReadyToPost"` in it makes the server insert an open batch
    /// and then PATCH it; if that fails, the open batch stays behind. [O][I]
    fn create(&mut self, asked: &Asked<'_>) -> Outcome<SimReply> {
        asked.offered(Verbs::POST)?;
        let resource = asked.resource;
        let mut row = payload::read(&asked.request.body, &resource.shape)?;
        let ready = resource.verbs.offers(Verbs::PATCH)
            && row.get("BatchStatus").is_some_and(|status| status == "ReadyToPost");
        if !ready {
            let stored = self.company.insert(asked.now, &resource.name, &row)?;
            let stored = resource.shape.complete(stored);
            return Ok(reply::record(201, &asked.origin, None, stored));
        }
        let status = row.shift_remove_entry("BatchStatus");
        let stored = self.company.insert(asked.now, &resource.name, &row)?;
        let key = key_of(resource, &stored);
        let patch: Row = status.into_iter().collect();
        self.company.patch(asked.now, &resource.name, &key, &patch)?;
        let stored = self.company.get(&resource.name, &key).unwrap_or(stored);
        Ok(reply::record(201, &asked.origin, None, resource.shape.complete(stored)))
    }

    /// POST with something in the parentheses.
    fn act(&mut self, asked: &Asked<'_>, key: &str) -> Outcome<SimReply> {
        let resource = asked.resource;
        match asked.target.action() {
            Some("$template") => {
                Ok(reply::record(200, &asked.origin, None, resource.shape.default_row()))
            }
            Some("$process") if resource.verbs.offers(Verbs::PROCESS) => {
                let row = payload::read(&asked.request.body, &resource.shape)?;
                self.company.process(asked.now, &resource.name, &row)?;
                Ok(SimReply::empty(204))
            }
            _ => Err(refusal::invalid_action(key)),
        }
    }
}

impl Asked<'_> {
    fn offered(&self, verb: Verbs) -> Outcome<()> {
        if self.resource.verbs.offers(verb) { Ok(()) } else { Err(self.not_allowed()) }
    }

    fn not_allowed(&self) -> super::super::resource::SageError {
        refusal::method_not_allowed(&self.request.method, &self.target.resource)
    }

    fn change(&self, verb: Verbs, key: &str) -> Outcome<(Key, Row)> {
        self.offered(verb)?;
        let key = key::read(key, &self.resource.shape)?;
        Ok((key, payload::read(&self.request.body, &self.resource.shape)?))
    }
}

fn described(
    request: &SimRequest,
    user: &User,
    module: &str,
    resources: &BTreeMap<String, &'static Resource>,
) -> Outcome<SimReply> {
    access::module_right(user, module)?;
    if request.method != "GET" {
        return Err(refusal::method_not_allowed(&request.method, "$metadata"));
    }
    Ok(reply::xml(metadata(module, resources)))
}

fn key_of(resource: &Resource, row: &Row) -> Key {
    let value = |name: &str, default: &Value| row.get(name).unwrap_or(default).clone();
    resource.shape.keys().map(|f| (f.name.clone(), value(&f.name, &f.default))).collect()
}

fn sort(rows: &mut [Row], query: &Query<'_>) {
    if query.order.is_empty() {
        return;
    }
    rows.sort_by(|a, b| {
        for (field, descending) in &query.order {
            let (left, right) = (filter::read(field, a), filter::read(field, b));
            let nulls = || left.is_null().cmp(&right.is_null()).reverse();
            let order = filter::compare(&left, &right).unwrap_or_else(nulls);
            if order != Ordering::Equal {
                return if *descending { order.reverse() } else { order };
            }
        }
        Ordering::Equal
    });
}

/// The published resources, and what the configuration adds.
fn served(
    config: &Sage300Config,
) -> Result<BTreeMap<String, BTreeMap<String, &'static Resource>>, String> {
    let mut served: BTreeMap<String, BTreeMap<String, &'static Resource>> = BTreeMap::new();
    for resource in catalogue().all().filter(|r| !r.partner || config.partner_quantities) {
        let module = served.entry(resource.module.clone()).or_default();
        module.insert(resource.name.clone(), resource);
    }
    for (alias, name) in &config.aliases {
        let (module, short) =
            alias.split_once('/').ok_or_else(|| format!("alias {alias} is not MODULE/Name"))?;
        let resource =
            catalogue().resource(name).ok_or_else(|| format!("alias of unknown {name}"))?;
        served.entry(module.to_owned()).or_default().insert(short.to_owned(), resource);
    }
    Ok(served)
}
