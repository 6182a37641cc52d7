//! The answers, as the server writes them.

use serde_json::{Value, json};

use crate::sim::SimReply;

use super::super::resource::{Row, SageError};
use super::super::schema::Field;

/// Where the answering module is, for links in bodies.
#[derive(Debug)]
pub struct Origin {
    /// `http://host/Sage300WebApi/v1.0/-/SAMLTD/AR`.
    pub root: String,
    /// The name the resource is served by.
    pub resource: String,
}

/// One page of a collection.
#[derive(Debug)]
pub struct Page {
    pub count: Option<usize>,
    pub rows: Vec<Value>,
    /// How many rows to skip for the next page, when there is one.
    pub next_skip: Option<usize>,
}

/// The member order is as recorded from a live server, and so is the bare `$skip` of the link. [C]
#[must_use]
pub fn collection(origin: &Origin, select: Option<&[&Field]>, page: Page) -> SimReply {
    let mut body = Row::new();
    body.insert("@odata.context".into(), Value::from(context(origin, select)));
    if let Some(count) = page.count {
        body.insert("@odata.count".into(), Value::from(count));
    }
    body.insert("value".into(), Value::Array(page.rows));
    if let Some(skip) = page.next_skip {
        let link = format!("{}/{}?$skip={skip}", origin.root, origin.resource);
        body.insert("@odata.nextLink".into(), Value::from(link));
    }
    SimReply::json(200, &Value::Object(body))
}

#[must_use]
pub fn record(status: u16, origin: &Origin, select: Option<&[&Field]>, row: Row) -> SimReply {
    let mut body = Row::with_capacity(row.len() + 1);
    let context = format!("{}/$entity", context(origin, select));
    body.insert("@odata.context".into(), Value::from(context));
    body.extend(row);
    SimReply::json(status, &Value::Object(body))
}

#[must_use]
pub fn refusal(error: &SageError) -> SimReply {
    let message = json!({"lang": "en-US", "value": error.message});
    let body = json!({"error": {"code": error.code, "message": message}});
    let mut reply = SimReply::json(error.status, &body);
    if error.status == 401 {
        let challenge = "Basic realm=\"Sage 300 Web API\"".to_owned();
        reply.headers.push(("www-authenticate".into(), challenge));
    }
    reply
}

#[must_use]
pub fn xml(document: String) -> SimReply {
    let headers = vec![("content-type".into(), "application/xml; charset=utf-8".into())];
    SimReply { status: 200, headers, body: document.into_bytes() }
}

/// The page at the root of the Web API. [O]
#[must_use]
pub fn landing() -> SimReply {
    html(
        200,
        "<!DOCTYPE html><html><head><title>Sage 300 Web API</title></head><body>\
         <h1>Sage 300 Web API</h1><p><a href=\"/Sage300WebApi/swagger\">Open Swagger UI</a></p>\
         </body></html>",
    )
}

/// What the web server itself says outside the Web API: not JSON. [I]
#[must_use]
pub fn not_found_page() -> SimReply {
    html(
        404,
        "<!DOCTYPE html><html><head><title>404 - File or directory not found.</title></head><body>\
         <h1>Server Error</h1><h2>404 - File or directory not found.</h2></body></html>",
    )
}

fn html(status: u16, page: &str) -> SimReply {
    let headers = vec![("content-type".into(), "text/html".into())];
    SimReply { status, headers, body: page.as_bytes().to_vec() }
}

fn context(origin: &Origin, select: Option<&[&Field]>) -> String {
    let mut context = format!("{}/$metadata#{}", origin.root, origin.resource);
    if let Some(fields) = select {
        let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
        context.push_str(&format!("({})", names.join(",")));
    }
    context
}
