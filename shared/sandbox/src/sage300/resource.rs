//! The seam between the Web API's protocol (`web`: URLs, OData, rights, errors as JSON) and the
//! company's bookkeeping (`books`: what a record means and what posting does).

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Map, Value};

/// A record or payload: properties in the order in which they were sent or are declared.
pub type Row = Map<String, Value>;

/// A key as the URL gave it: property name to value, each value in the form the record stores (codes
/// upper-cased and right-trimmed, integers as numbers, dates as `YYYY-MM-DDT00:00:00Z`, enums by
/// member name).
pub type Key = BTreeMap<String, Value>;

/// An error as Sage 300 names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SageError {
    pub status: u16,
    /// `RecordNotFound`, `RecordDuplicate`, `RecordInvalid`, `General`, `FieldInvalid`, ...
    pub code: &'static str,
    pub message: String,
}

impl SageError {
    pub fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }
}

/// What `web` asks of `books`. `resource` is the full Web API name, such as `ARCustomers`.
///
/// `web` has already checked the credential, the module right, the verb, the key's property names
/// and (against [`super::schema`]) the names and JSON types of all properties in a payload, nested
/// ones included.
pub trait Records {
    /// All records of a resource in key order. `near` holds the equality constraints found in the
    /// request's `$filter` (property to value) so that an index may be used; returning more rows
    /// than match is correct, returning fewer is not.
    fn list(&self, resource: &str, near: &Key) -> Vec<Row>;

    /// As [`Records::list`], when nothing but the `wanted` properties will be read: large details
    /// may be left out.
    fn list_only(&self, resource: &str, near: &Key, wanted: &BTreeSet<&str>) -> Vec<Row> {
        let _ = wanted;
        self.list(resource, near)
    }

    /// As [`Records::list_only`], when no row below the `floor` (property to least value) is looked
    /// for, as a reader that continues where it stopped asks: an index may start there. Returning
    /// more rows is correct.
    fn list_from(
        &self,
        resource: &str,
        near: &Key,
        floor: &Key,
        wanted: &BTreeSet<&str>,
    ) -> Vec<Row> {
        let _ = floor;
        self.list_only(resource, near, wanted)
    }

    fn get(&self, resource: &str, key: &Key) -> Option<Row>;

    /// POST of a record: the stored record with generated keys.
    ///
    /// # Errors
    /// As the business rules of the resource say.
    fn insert(&mut self, now: Timestamp, resource: &str, payload: &Row) -> Result<Row, SageError>;

    /// PATCH: untouched fields and details stay.
    ///
    /// # Errors
    /// As the business rules of the resource say.
    fn patch(
        &mut self,
        now: Timestamp,
        resource: &str,
        key: &Key,
        payload: &Row,
    ) -> Result<(), SageError>;

    /// PUT: details left out are purged. Offered by master records only.
    ///
    /// # Errors
    /// As the business rules of the resource say.
    fn put(
        &mut self,
        now: Timestamp,
        resource: &str,
        key: &Key,
        payload: &Row,
    ) -> Result<(), SageError>;

    /// # Errors
    /// As the business rules of the resource say.
    fn delete(&mut self, now: Timestamp, resource: &str, key: &Key) -> Result<(), SageError>;

    /// POST `('$process')` of a service resource such as `ARPostReceiptsAndAdjustments`.
    ///
    /// # Errors
    /// As the business rules of the service say.
    fn process(&mut self, now: Timestamp, service: &str, payload: &Row) -> Result<(), SageError>;
}

/// Everything the simulator holds of one company.
pub trait Company: Records + Send {
    /// Lets time pass up to `now`.
    fn due(&mut self, now: Timestamp);

    /// The books as JSON, for tests and people.
    fn state(&self) -> Value;

    /// What a person would do in Sage's own screens.
    ///
    /// # Errors
    /// A sentence saying what is wrong with the command.
    fn command(&mut self, now: Timestamp, command: &str, body: &Value) -> Result<Value, String>;
}
