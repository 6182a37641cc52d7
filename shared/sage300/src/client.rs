use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use paysage_http::{Http, Method, Request, Response, Secret, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{Key, Query, Sage300Error};

/// One company of one Sage 300 installation.
pub struct Sage300Client {
    config: Sage300Config,
    authorization: Secret,
    http: Arc<Http>,
}

/// Where the company is and how to talk to it. Not `Debug`: it holds the password.
#[derive(Clone)]
pub struct Sage300Config {
    /// Up to and including `/Sage300WebApi`, without a final slash.
    pub base_url: String,
    /// Company database id.
    pub company: String,
    /// User id, upper case in practice \[O\].
    pub user: String,
    /// Password; empty when system security is off \[O\].
    pub password: Secret,
    /// Resource names that differ on this installation: usual name to installed name.
    pub resource_map: BTreeMap<String, String>,
    /// Rows asked for per page; the server's own limit is 100 unless raised \[O\].
    pub page_size: usize,
    /// Rows a list may have; more is an error, never a silent cut.
    pub rows_max: usize,
    /// Time for a read, milliseconds.
    pub timeout_ms_read: u64,
    /// Time for a create or patch, milliseconds.
    pub timeout_ms_write: u64,
    /// Time for a post service, milliseconds; it lasts as long as the posting \[I\].
    pub timeout_ms_post: u64,
}

impl Sage300Config {
    /// The usual limits for one company.
    pub fn new(base_url: &str, company: &str, user: &str, password: Secret) -> Self {
        Self {
            base_url: base_url.trim_end_matches('/').to_owned(),
            company: company.to_owned(),
            user: user.to_owned(),
            password,
            resource_map: BTreeMap::new(),
            page_size: 100,
            rows_max: 10_000,
            timeout_ms_read: 30_000,
            timeout_ms_write: 60_000,
            timeout_ms_post: 180_000,
        }
    }
}

impl Sage300Client {
    /// Checks the configuration; nothing is sent.
    pub fn new(config: Sage300Config, http: Arc<Http>) -> Result<Self, Sage300Error> {
        const OPERATION: &str = "sage300.new";
        let plain = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric());
        if Url::parse(&config.base_url).is_err() || !plain(&config.company) {
            return Err(Sage300Error::not_sent(OPERATION, "base URL or company is malformed"));
        }
        if config.page_size == 0 {
            return Err(Sage300Error::not_sent(OPERATION, "page size is zero"));
        }
        let pair = Secret::new(format!("{}:{}", config.user, config.password.expose()));
        let authorization = Secret::new(format!("Basic {}", STANDARD.encode(pair.expose())));
        Ok(Self { config, authorization, http })
    }

    /// Reads one record by key; `None` when there is none.
    pub async fn get<T: DeserializeOwned>(
        &self,
        resource: &str,
        key: &Key,
    ) -> Result<Option<T>, Sage300Error> {
        const OPERATION: &str = "sage300.get";
        let url = self.url(OPERATION, resource, &key.to_string(), None)?;
        let response = match self.send(OPERATION, self.read(OPERATION, url)).await {
            Err(error) if error.is_not_found() => return Ok(None),
            other => other?,
        };
        let Some(record) = single(decode(OPERATION, &response)?) else { return Ok(None) };
        from_value(OPERATION, response.status, record).map(Some)
    }

    /// Reads every row a query matches, page by page.
    pub async fn list<T: DeserializeOwned>(
        &self,
        resource: &str,
        query: &Query,
    ) -> Result<Vec<T>, Sage300Error> {
        const OPERATION: &str = "sage300.list";
        let wanted = query.rows_wanted().unwrap_or(usize::MAX);
        let mut rows = Vec::new();
        while rows.len() < wanted {
            let skip = rows.len();
            let top = self.config.page_size.min(wanted.saturating_sub(skip));
            let url = self.url(OPERATION, resource, "", Some(&query.page(top, skip)))?;
            let response = self.send(OPERATION, self.read(OPERATION, url)).await?;
            let page = Page::of(OPERATION, &response)?;
            let count = page.rows.len();
            for row in page.rows {
                rows.push(from_value(OPERATION, response.status, row)?);
            }
            if rows.len() > self.config.rows_max {
                let told = format!("more than {} rows", self.config.rows_max);
                return Err(Sage300Error::unclear(OPERATION, response.status, told));
            }
            match page.next_skip {
                None if count < top => break,
                Some(next) if count > 0 && next == rows.len() => {}
                None => {}
                Some(_) => {
                    let told = "the next link leaves a gap in the rows";
                    return Err(Sage300Error::unclear(OPERATION, response.status, told));
                }
            }
        }
        Ok(rows)
    }

    /// Inserts one record with its details and returns it as stored. A batch is created open:
    /// a body that sets a batch status is declined.
    pub async fn create<B: Serialize, T: DeserializeOwned>(
        &self,
        resource: &str,
        body: &B,
    ) -> Result<T, Sage300Error> {
        const OPERATION: &str = "sage300.create";
        let url = self.url(OPERATION, resource, "", None)?;
        let body = serde_json::to_value(body)
            .map_err(|e| Sage300Error::not_sent(OPERATION, e.to_string()))?;
        if let Some(field) = status_field(&body) {
            let told = format!("{field} is never sent in a create");
            return Err(Sage300Error::not_sent(OPERATION, told));
        }
        let request = self
            .request(OPERATION, Method::POST, url)
            .timeout_ms(self.config.timeout_ms_write)
            .body(body.to_string());
        let response = self.send(OPERATION, request).await?;
        let stored = decode(OPERATION, &response)?;
        log_warnings(resource, &stored);
        from_value(OPERATION, response.status, stored)
    }

    /// Changes the given properties of one record, and nothing else.
    pub async fn patch<B: Serialize>(
        &self,
        resource: &str,
        key: &Key,
        body: &B,
    ) -> Result<(), Sage300Error> {
        const OPERATION: &str = "sage300.patch";
        let url = self.url(OPERATION, resource, &key.to_string(), None)?;
        let body = serde_json::to_vec(body)
            .map_err(|e| Sage300Error::not_sent(OPERATION, e.to_string()))?;
        let request = self
            .request(OPERATION, Method::PATCH, url)
            .timeout_ms(self.config.timeout_ms_write)
            .body(body);
        let response = self.send(OPERATION, request).await?;
        Self::expect_done(OPERATION, &response)
    }

    /// The metadata document (XML) of a module, such as `AR`.
    pub async fn metadata(&self, module: &str) -> Result<String, Sage300Error> {
        const OPERATION: &str = "sage300.metadata";
        let url = self.url(OPERATION, module, "/$metadata", None)?;
        let response = self.send(OPERATION, self.read(OPERATION, url)).await?;
        String::from_utf8(response.body.to_vec())
            .map_err(|e| Sage300Error::unclear(OPERATION, response.status, e.to_string()))
    }

    pub(crate) fn config(&self) -> &Sage300Config {
        &self.config
    }

    pub(crate) fn url(
        &self,
        operation: &'static str,
        resource: &str,
        suffix: &str,
        query: Option<&str>,
    ) -> Result<Url, Sage300Error> {
        let installed = self.config.resource_map.get(resource).map_or(resource, String::as_str);
        let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'/' || b == b'_';
        if installed.is_empty() || !installed.bytes().all(legal) {
            return Err(Sage300Error::not_sent(operation, "malformed resource name"));
        }
        let Sage300Config { base_url, company, .. } = &self.config;
        let mut text = format!("{base_url}/v1.0/-/{company}/{installed}{suffix}");
        if let Some(query) = query {
            text.push('?');
            text.push_str(query);
        }
        Url::parse(&text).map_err(|e| Sage300Error::not_sent(operation, e.to_string()))
    }

    pub(crate) fn request(&self, operation: &'static str, method: Method, url: Url) -> Request {
        Request::new(operation, method, url)
            .header("authorization", self.authorization.expose())
            .header("content-type", "application/json")
            .header("accept", "application/json")
    }

    /// Sends; every status outside 200–299 is an error.
    pub(crate) async fn send(
        &self,
        operation: &'static str,
        request: Request,
    ) -> Result<Response, Sage300Error> {
        let sent = self.http.send(request).await;
        let response = sent.map_err(|e| Sage300Error::transport(operation, e))?;
        if (200..300).contains(&response.status) {
            return Ok(response);
        }
        Err(Sage300Error::response(operation, &response))
    }

    /// Success of a patch or process is an empty body, or a JSON object that is not an error.
    pub(crate) fn expect_done(
        operation: &'static str,
        response: &Response,
    ) -> Result<(), Sage300Error> {
        if response.body.is_empty() {
            return Ok(());
        }
        let value = decode(operation, response)?;
        log_warnings(operation, &value);
        Ok(())
    }

    fn read(&self, operation: &'static str, url: Url) -> Request {
        self.request(operation, Method::GET, url).timeout_ms(self.config.timeout_ms_read)
    }
}

struct Page {
    rows: Vec<Value>,
    next_skip: Option<usize>,
}

impl Page {
    fn of(operation: &'static str, response: &Response) -> Result<Self, Sage300Error> {
        let mut value = decode(operation, response)?;
        let next_skip = match value.get("@odata.nextLink").and_then(Value::as_str) {
            None => None,
            Some(link) => Some(skip_of(link).ok_or_else(|| {
                Sage300Error::unclear(operation, response.status, "next link without $skip")
            })?),
        };
        match value.get_mut("value").map(Value::take) {
            Some(Value::Array(rows)) => Ok(Self { rows, next_skip }),
            _ => Err(Sage300Error::unclear(operation, response.status, "no list in the answer")),
        }
    }
}

fn skip_of(link: &str) -> Option<usize> {
    let (_, query) = link.split_once('?')?;
    let option = query
        .split('&')
        .find_map(|o| o.strip_prefix("$skip=").or_else(|| o.strip_prefix("%24skip=")))?;
    option.parse().ok()
}

fn decode(operation: &'static str, response: &Response) -> Result<Value, Sage300Error> {
    let value: Value = serde_json::from_slice(&response.body)
        .map_err(|e| Sage300Error::unclear(operation, response.status, format!("not JSON: {e}")))?;
    if !value.is_object() || value.get("error").is_some() {
        let told = "success status without a record";
        return Err(Sage300Error::unclear(operation, response.status, told));
    }
    Ok(value)
}

fn from_value<T: DeserializeOwned>(
    operation: &'static str,
    status: u16,
    value: Value,
) -> Result<T, Sage300Error> {
    serde_json::from_value(value)
        .map_err(|e| Sage300Error::unclear(operation, status, format!("unexpected record: {e}")))
}

/// A record by key is a plain object \[O\]; one client also met it as a list of one \[C\].
fn single(value: Value) -> Option<Value> {
    match value.get("value") {
        Some(Value::Array(rows)) => rows.first().cloned(),
        _ => Some(value),
    }
}

/// A property that would make a new batch ready or post others, wherever it hides.
fn status_field(value: &Value) -> Option<&str> {
    const NEVER: [&str; 3] = ["BatchStatus", "ReadyToPost", "PostAllBatches"];
    match value {
        Value::Object(map) => map.iter().find_map(|(name, inner)| {
            let named = NEVER.iter().any(|n| n.eq_ignore_ascii_case(name));
            if named { Some(name.as_str()) } else { status_field(inner) }
        }),
        Value::Array(items) => items.iter().find_map(status_field),
        _ => None,
    }
}

fn log_warnings(resource: &str, value: &Value) {
    match value {
        Value::Object(map) => {
            for (name, inner) in map {
                match inner.as_array() {
                    Some(list) if name == "Warnings" => list.iter().for_each(|warning| {
                        let message = warning.get("Message").and_then(Value::as_str);
                        tracing::warn!(resource, message, "Sage 300 warned");
                    }),
                    _ => log_warnings(resource, inner),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| log_warnings(resource, item)),
        _ => {}
    }
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
