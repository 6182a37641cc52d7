//! Replies as PayTrace words them.

use serde_json::{Map, Value, json};

use super::record::Record;
use crate::sim::SimReply;

/// Keys of the `errors` map with PayTrace's sentence for each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Errors(Vec<(u32, String)>);

impl Errors {
    pub fn one(key: u32, text: impl Into<String>) -> Self {
        Self(vec![(key, text.into())])
    }

    pub fn add(&mut self, key: u32, text: impl Into<String>) {
        self.0.push((key, text.into()));
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// HTTP 400: rejected before processing [O].
    pub fn reply(&self) -> SimReply {
        let mut errors: Map<String, Value> = Map::new();
        for (key, text) in &self.0 {
            let texts = errors.entry(key.to_string()).or_insert_with(|| json!([]));
            if let Some(texts) = texts.as_array_mut() {
                texts.push(json!(text));
            }
        }
        SimReply::json(
            400,
            &json!({"success": false, "response_code": 1,
                    "status_message": "One or more errors has occurred.",
                    "errors": errors, "external_transaction_id": ""}),
        )
    }
}

/// `success`, `response_code` and `status_message`, to which members are added in order.
pub fn head(success: bool, code: u32, message: &str) -> Map<String, Value> {
    let mut body = Map::new();
    body.insert("success".into(), json!(success));
    body.insert("response_code".into(), json!(code));
    body.insert("status_message".into(), json!(message));
    body
}

pub fn ok(body: Map<String, Value>) -> SimReply {
    SimReply::json(200, &Value::Object(body))
}

/// The reply to a sale or authorization; the mask only where the card was keyed [R].
pub fn of_sale(code: u32, message: &str, record: &Record, keyed: bool) -> SimReply {
    let mut body = head(!matches!(code, 102 | 167), code, message);
    body.insert("transaction_id".into(), json!(record.id));
    body.insert("approval_code".into(), json!(record.approval_code));
    body.insert("approval_message".into(), json!(record.approval_message));
    body.insert("avs_response".into(), json!(record.avs));
    body.insert("csc_response".into(), json!(record.csc));
    body.insert("external_transaction_id".into(), json!(""));
    if keyed {
        body.insert("masked_card_number".into(), json!(masked(&record.card, 'x')));
    }
    ok(body)
}

/// All but the last four digits replaced.
pub fn masked(card: &str, with: char) -> String {
    let hidden = card.chars().count().saturating_sub(4);
    card.chars().enumerate().map(|(n, c)| if n < hidden { with } else { c }).collect()
}

/// Answers to what is no API path.
pub fn page_not_found() -> SimReply {
    let headers = vec![("content-type".into(), "text/html; charset=utf-8".into())];
    let page = "<!DOCTYPE html><html><head><title>Page not found (404)</title></head>\
                <body><h1>The page you were looking for doesn't exist.</h1></body></html>";
    SimReply { status: 404, headers, body: page.as_bytes().to_vec() }
}
