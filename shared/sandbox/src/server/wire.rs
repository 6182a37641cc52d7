//! One request on the wire: read, met by a fault or not, answered or dropped.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt, stream};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, Limited, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::{Request, Response};
use tokio::time::sleep;

use super::{World, control, locked};
use crate::fault::{Fault, Kind};
use crate::sim::{SimReply, SimRequest};

/// The connection is to be closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("dropped on purpose")]
pub(super) struct Dropped;

pub(super) type Body = UnsyncBoxBody<Bytes, Dropped>;

const BODY_BYTES_MAX: usize = 32 * 1024 * 1024;

const PAGE: &str = "<!DOCTYPE html><html><head><title>Request blocked</title></head><body>\
                    <h1>The request could not be processed</h1></body></html>";

pub(super) async fn answer(
    world: Arc<World>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Dropped> {
    let request = read(request).await?;
    if let Some(command) = request.path.strip_prefix("/_sandbox/") {
        let command = command.to_owned();
        return Ok(whole(control::answer(&world, &command, &request)));
    }
    let fault = locked(&world.faults).choose(&request);
    let outcome = match fault {
        None => Ok(whole(world.process(&request))),
        Some(fault) => perform(&world, &request, fault).await,
    };
    let status = outcome.as_ref().map_or(0, |reply| reply.status().as_u16());
    world.note(&request, status, fault.map(|fault| fault.kind));
    outcome
}

async fn perform(
    world: &Arc<World>,
    request: &SimRequest,
    fault: Fault,
) -> Result<Response<Body>, Dropped> {
    let hold = Duration::from_millis(fault.hold_ms);
    match fault.kind {
        Kind::Latency => {
            sleep(Duration::from_millis(fault.delay_ms)).await;
            Ok(whole(world.process(request)))
        }
        Kind::TimeoutBefore => dropped_after(hold).await,
        Kind::TimeoutAfter => {
            world.process(request);
            dropped_after(hold).await
        }
        Kind::LateLanding => {
            land_later(world, request, fault);
            dropped_after(hold).await
        }
        Kind::DoubleLanding => {
            let reply = world.process(request);
            land_later(world, request, fault);
            Ok(whole(reply))
        }
        Kind::ErrorBefore => Ok(whole(page(503, "Service Unavailable"))),
        Kind::ErrorAfter => {
            world.process(request);
            Ok(whole(page(500, "Internal Server Error")))
        }
        Kind::Throttled => {
            let mut reply = page(429, "Too Many Requests");
            reply.headers.push(("retry-after".into(), "1".into()));
            Ok(whole(reply))
        }
        Kind::ResetMidBody => Ok(broken(world.process(request))),
        Kind::HtmlBefore => Ok(whole(page(200, PAGE))),
        Kind::HtmlAfter => {
            world.process(request);
            Ok(whole(page(200, PAGE)))
        }
        Kind::Truncated => Ok(whole(cut(world.process(request)))),
    }
}

async fn dropped_after(hold: Duration) -> Result<Response<Body>, Dropped> {
    sleep(hold).await;
    Err(Dropped)
}

fn land_later(world: &Arc<World>, request: &SimRequest, fault: Fault) {
    let world = Arc::clone(world);
    let request = request.clone();
    tokio::spawn(async move {
        sleep(Duration::from_millis(fault.delay_ms)).await;
        world.process(&request);
    });
}

async fn read(request: Request<Incoming>) -> Result<SimRequest, Dropped> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, BODY_BYTES_MAX).collect().await.map_err(|_| Dropped)?;
    let headers = head.headers.iter().map(|(name, value)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    });
    Ok(SimRequest {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: headers.collect(),
        body: body.to_bytes().to_vec(),
    })
}

fn page(status: u16, text: &str) -> SimReply {
    let headers = vec![("content-type".into(), "text/html".into())];
    SimReply { status, headers, body: text.as_bytes().to_vec() }
}

fn cut(mut reply: SimReply) -> SimReply {
    reply.body.truncate(reply.body.len() / 2);
    reply
}

fn whole(reply: SimReply) -> Response<Body> {
    let body = Full::new(Bytes::from(reply.body));
    head(reply.status, &reply.headers, body.map_err(never).boxed_unsync())
}

/// Declares the whole body, sends half of it, and breaks the connection.
fn broken(reply: SimReply) -> Response<Body> {
    let length = reply.body.len().max(1);
    let half = Bytes::from(cut(SimReply { status: 0, headers: vec![], body: reply.body }).body);
    // The half is on the wire before the connection breaks.
    let then_break = async {
        sleep(Duration::from_millis(10)).await;
        Err(Dropped)
    };
    let frames = stream::iter([Ok(Frame::data(half))]).chain(stream::once(then_break));
    let mut headers = reply.headers;
    headers.push(("content-length".into(), length.to_string()));
    head(reply.status, &headers, StreamBody::new(frames).boxed_unsync())
}

fn head(status: u16, headers: &[(String, String)], body: Body) -> Response<Body> {
    let mut builder = Response::builder().status(status);
    for (name, value) in headers {
        builder = builder.header(name, value);
    }
    builder.body(body).unwrap_or_else(|error| {
        tracing::error!(error = %error, "a simulator made an impossible reply");
        Response::new(Full::new(Bytes::new()).map_err(never).boxed_unsync())
    })
}

fn never(impossible: Infallible) -> Dropped {
    match impossible {}
}
