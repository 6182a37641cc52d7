//! The server's own endpoints: never met by a fault, never counted as a request.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{World, locked};
use crate::fault::FaultPlan;
use crate::sim::{SimReply, SimRequest};

pub(super) fn answer(world: &World, command: &str, request: &SimRequest) -> SimReply {
    let body = match parsed(request) {
        Ok(body) => body,
        Err(message) => return refused(&message),
    };
    let answered = match (request.method.as_str(), command) {
        ("GET", "state") => Ok(state(world)),
        ("GET", "requests") => Ok(requests(world, &request.query)),
        ("POST", "faults") => faults(world, body),
        ("POST", "clock") => clock(world, body),
        ("POST", command) => {
            let now = world.clock.now();
            locked(&world.simulator).command(now, command, &body)
        }
        _ => return SimReply::json(405, &json!({"error": "use GET state or POST a command"})),
    };
    answered.map_or_else(|message| refused(&message), |value| SimReply::json(200, &value))
}

fn parsed(request: &SimRequest) -> Result<Value, String> {
    if request.body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Value::Null);
    }
    serde_json::from_slice(&request.body).map_err(|error| format!("the body is not JSON: {error}"))
}

fn state(world: &World) -> Value {
    let mut state = locked(&world.simulator).state();
    if let Value::Object(members) = &mut state {
        let injected = locked(&world.faults).injected().clone();
        members.insert("faults".into(), json!(injected));
        members.insert("requests".into(), json!(locked(&world.log).total));
        members.insert("now".into(), json!(world.clock.now()));
    }
    state
}

fn requests(world: &World, query: &str) -> Value {
    let limit = query.strip_prefix("limit=").and_then(|n| n.parse().ok()).unwrap_or(100);
    let log = locked(&world.log);
    let lines: Vec<Value> = log
        .recent
        .iter()
        .rev()
        .take(limit)
        .map(|line| {
            json!({"method": line.method, "path": line.path, "query": line.query,
                   "status": line.status, "fault": line.fault})
        })
        .collect();
    json!({"total": log.total, "latest_first": lines})
}

fn faults(world: &World, body: Value) -> Result<Value, String> {
    let plan = match body {
        Value::Null => FaultPlan::default(),
        body => serde_json::from_value(body).map_err(|error| error.to_string())?,
    };
    locked(&world.faults).replace(plan);
    Ok(json!({"ok": true}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockCommand {
    set: Option<Timestamp>,
    advance_seconds: Option<i64>,
    real: Option<bool>,
}

fn clock(world: &World, body: Value) -> Result<Value, String> {
    let command: ClockCommand = serde_json::from_value(body).map_err(|error| error.to_string())?;
    match command {
        ClockCommand { set: Some(at), advance_seconds: None, real: None } => world.clock.set(at),
        ClockCommand { set: None, advance_seconds: Some(n), real: None } => {
            world.clock.advance(SignedDuration::from_secs(n));
        }
        ClockCommand { set: None, advance_seconds: None, real: Some(true) } => {
            world.clock.release();
        }
        _ => return Err("give one of set, advance_seconds, real: true".into()),
    }
    Ok(json!({"now": world.clock.now()}))
}

fn refused(message: &str) -> SimReply {
    SimReply::json(400, &json!({ "error": message }))
}
