//! The protocol over a company that only keeps records.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::sim::{SimReply, SimRequest, Simulator};

use super::config::{Sage300Config, User};
use super::fake::FakeCompany;
use super::server::Sage300Sim;

mod errors;
mod reads;
mod writes;

const ROOT: &str = "/Sage300WebApi/v1.0/-/SAMLTD";

type Sim = Sage300Sim<FakeCompany>;

fn sim() -> Sim {
    Sage300Sim::new(Sage300Config::default(), FakeCompany::default()).unwrap()
}

fn request(method: &str, tail: &str, body: &str) -> SimRequest {
    let (path, query) = tail.split_once('?').unwrap_or((tail, ""));
    let path = if path.starts_with("//") { path[1..].into() } else { format!("{ROOT}/{path}") };
    SimRequest {
        method: method.into(),
        path,
        query: query.replace(' ', "%20"),
        headers: vec![
            ("host".into(), "erp.example".into()),
            ("authorization".into(), basic("WEBAPI", "WEBAPI")),
            ("content-type".into(), "application/json".into()),
        ],
        body: body.as_bytes().to_vec(),
    }
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

fn ask(sim: &mut Sim, method: &str, tail: &str, body: &str) -> SimReply {
    sim.handle(Timestamp::UNIX_EPOCH, &request(method, tail, body))
}

fn body(reply: &SimReply) -> Value {
    serde_json::from_slice(&reply.body).unwrap()
}

fn get(sim: &mut Sim, tail: &str) -> Value {
    let reply = ask(sim, "GET", tail, "");
    assert_eq!(reply.status, 200, "{tail}: {}", String::from_utf8_lossy(&reply.body));
    body(&reply)
}

/// Status and code of a refusal.
fn refused(sim: &mut Sim, method: &str, tail: &str, payload: &str) -> (u16, String) {
    let reply = ask(sim, method, tail, payload);
    let error = body(&reply);
    assert_eq!(error["error"]["message"]["lang"], "en-US");
    assert!(error["error"]["message"]["value"].is_string());
    (reply.status, error["error"]["code"].as_str().unwrap().to_owned())
}

/// Six documents of two customers.
fn with_documents() -> Sim {
    let mut sim = sim();
    for (customer, number, kind, due, day, paid) in [
        ("1200", "IN1", "Invoice", "125.5", "2026-01-05", "No"),
        ("1200", "IN2", "Invoice", "0", "2026-01-06", "Yes"),
        ("1200", "PP1", "Prepayment", "-20.00", "2026-02-01", "No"),
        ("1500", "IN3", "Invoice", "1000.01", "2026-02-02", "No"),
        ("1500", "CN1", "CreditNote", "-7", "2026-03-01", "No"),
        ("' or 1 eq 1", "UC9", "UnappliedCash", "-1", "2026-03-02", "No"),
    ] {
        let due: Value = serde_json::from_str(due).unwrap();
        sim.company_mut().add(
            "ARPostedDocuments",
            json!({
                "CustomerNumber": customer, "DocumentNumber": number, "DocumentType": kind,
                "CustomerCurrencyAmountDue": due, "FullyPaid": paid,
                "DocumentDate": format!("{day}T00:00:00Z"),
            }),
        );
    }
    sim
}

fn numbers(answer: &Value) -> Vec<&str> {
    let rows = answer["value"].as_array().unwrap();
    rows.iter().map(|row| row["DocumentNumber"].as_str().unwrap()).collect()
}

fn user(name: &str, modules: Option<&[&str]>, denied: &[&str]) -> User {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    User {
        user: name.into(),
        password: name.into(),
        modules: modules.map(owned),
        denied: owned(denied),
    }
}
