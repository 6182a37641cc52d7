//! The way from a process to a vendor: the transport beneath the production clients. What may go
//! wrong between two machines goes wrong here, on whole HTTP exchanges.

use std::future::pending;
use std::sync::Arc;

use async_trait::async_trait;
use paysage_http::{
    BuildError, HeaderMap, Http, HttpConfig, Incident, Phase, Reason, Request, Response, Transport,
};
use sandbox::sim::{SimReply, SimRequest};

use super::fault::{Fault, Scripted};
use super::outside::{Outside, Peer};
use super::process::Process;
use super::time::{Time, monotonic_ms};
use assembly::vendors::Reach;

/// How one process reaches the vendors.
pub struct SimReach {
    pub outside: Arc<Outside>,
    pub process: Arc<Process>,
}

impl Reach for SimReach {
    fn client(&self, config: HttpConfig) -> Result<Http, BuildError> {
        let carrier = Carrier {
            outside: Arc::clone(&self.outside),
            process: Arc::clone(&self.process),
            at_once: config.max_in_flight,
        };
        Ok(Http::over(Box::new(carrier), config))
    }

    fn monotonic_ms(&self) -> fn() -> i64 {
        monotonic_ms
    }
}

struct Carrier {
    outside: Arc<Outside>,
    process: Arc<Process>,
    at_once: usize,
}

/// A call to Sage that is under way, until its caller hears or gives up.
struct UnderWay<'a> {
    process: &'a Process,
    company: usize,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.process.leaves(self.company);
    }
}

#[async_trait]
impl Transport for Carrier {
    async fn carry(&self, request: Request) -> Result<Response, Incident> {
        let Some(peer) = request.url().port().and_then(Peer::at) else {
            return Err(incident(Phase::NotSent, "there is nobody at that address"));
        };
        let _under_way = self.enter(peer);
        let request = as_sent(&request);
        let step = self.outside.before(&self.process).await;
        let scripted = match is_create(&request) {
            true => self.outside.before_create(&self.process).await,
            false => None,
        };
        let sent = self.outside.watch.sent(&self.outside, &self.process, peer, &request);
        let reply = self.exchange(peer, request, scripted).await;
        self.outside.watch.heard(sent, &reply);
        self.outside.after(&self.process, step).await;
        reply
    }
}

impl Carrier {
    fn enter(&self, peer: Peer) -> Option<UnderWay<'_>> {
        let Peer::Sage(company) = peer else { return None };
        let under_way = self.process.enters(company);
        self.outside.at_once(under_way);
        if under_way > self.at_once {
            let evidence = format!("{under_way} calls to Sage at once, {} allowed", self.at_once);
            self.outside.journal.violation("I21", &evidence);
        }
        Some(UnderWay { process: &self.process, company })
    }

    async fn exchange(
        &self,
        peer: Peer,
        request: SimRequest,
        scripted: Option<Scripted>,
    ) -> Result<Response, Incident> {
        let chance = &self.outside.chance;
        let fate = self.fate(&request);
        if let Some(fault) = fate {
            self.outside.journal.fault(fault);
        }
        if let Some(outage) = self.outside.injected.outage(peer, self.outside.now()) {
            Time::pass(outage).await;
            return Err(incident(Phase::NotSent, "nobody listens at that address"));
        }
        let latency = chance.between(5, 400);
        match scripted {
            Some(Scripted::Late(ms)) => {
                self.outside.journal.fault(Fault::LateLanding);
                self.land_after(ms, peer, request);
                return Err(incident(Phase::Unclear, "the connection was lost"));
            }
            // At once, so that it is heard although its time ran out meanwhile.
            Some(Scripted::SentAfter(_)) => {
                return Ok(response(self.outside.land(&self.process.name, peer, &request)));
            }
            None => {}
        }
        match fate {
            None => {
                let reply = self.land_in_time(peer, request).await;
                Time::pass(latency).await;
                Ok(response(reply))
            }
            Some(Fault::TimeoutBeforeSend) if chance.one_in(2) => {
                Time::pass(latency).await;
                Err(incident(Phase::NotSent, "no connection"))
            }
            Some(Fault::TimeoutBeforeSend) => pending().await,
            Some(Fault::LateLanding) => {
                self.land_later(peer, request);
                self.given_up(latency).await
            }
            Some(Fault::Throttled) => {
                Time::pass(latency).await;
                let after = ("retry-after".to_owned(), chance.between(1, 30).to_string());
                Ok(response(SimReply { headers: vec![after], ..page(429) }))
            }
            Some(fault) => self.landed(fault, peer, request, latency).await,
        }
    }

    /// Faults of an exchange that reaches the vendor, or of the vendor's own front.
    async fn landed(
        &self,
        fault: Fault,
        peer: Peer,
        request: SimRequest,
        latency: i64,
    ) -> Result<Response, Incident> {
        let chance = &self.outside.chance;
        let done =
            chance.one_in(2) || fault != Fault::ServerError && fault != Fault::UnreadableAnswer;
        let reply = match done {
            true => self.outside.land(&self.process.name, peer, &request),
            false => SimReply::default(),
        };
        Time::pass(latency).await;
        match fault {
            Fault::DoubleLanding => {
                self.land_later(peer, request);
                Ok(response(reply))
            }
            Fault::ServerError => Ok(response(page(if done { 500 } else { 503 }))),
            Fault::UnreadableAnswer if done && chance.one_in(2) => Ok(response(cut(reply))),
            Fault::UnreadableAnswer => Ok(response(page(200))),
            Fault::ResetMidBody => Err(incident(Phase::Unclear, "the connection was reset")),
            _ => self.given_up(latency).await,
        }
    }

    /// Most requests land as they are sent; some take their time, and their sender may be gone by then.
    async fn land_in_time(&self, peer: Peer, request: SimRequest) -> SimReply {
        let chance = &self.outside.chance;
        let name = self.process.name.clone();
        let slow_ms_max = self.outside.weather().slow_ms_max;
        let often = if slow_ms_max > 10_000 && request.method == "POST" { 2 } else { 16 };
        if slow_ms_max == 0 || !chance.one_in(often) {
            return self.outside.land(&name, peer, &request);
        }
        let ms = chance.between(50, slow_ms_max);
        if ms > 10_000 {
            self.outside.journal.fault(Fault::LateLanding);
        }
        self.slowly(ms, peer, request).await
    }

    /// It is on its way for so long, and answered, if anybody still listens.
    async fn slowly(&self, ms: i64, peer: Peer, request: SimRequest) -> SimReply {
        let name = self.process.name.clone();
        let (told, hears) = tokio::sync::oneshot::channel();
        self.outside.later(ms, move |outside| {
            let reply = outside.land(&name, peer, &request);
            if told.send(reply).is_err() {
                outside.journal.event(format!("{name} is gone"));
            }
        });
        match hears.await {
            Ok(reply) => reply,
            Err(_) => pending().await,
        }
    }

    fn land_later(&self, peer: Peer, request: SimRequest) {
        let ms = self.outside.chance.long_tailed_ms(self.outside.weather().late_ms_max);
        self.land_after(ms, peer, request);
    }

    fn land_after(&self, ms: i64, peer: Peer, request: SimRequest) {
        self.outside.later(ms, move |outside| {
            outside.land("a late request", peer, &request);
        });
    }

    /// The caller hears nothing until its own time runs out, or that the connection is lost.
    async fn given_up(&self, latency: i64) -> Result<Response, Incident> {
        if self.outside.chance.one_in(2) {
            return pending().await;
        }
        Time::pass(latency).await;
        Err(incident(Phase::Unclear, "the connection was lost"))
    }

    fn fate(&self, request: &SimRequest) -> Option<Fault> {
        let chance = &self.outside.chance;
        let weather = self.outside.weather();
        if !chance.permille(weather.calls) {
            return None;
        }
        let fault = chance.pick(&weather.kinds).copied()?;
        // A read that lands late, or twice, is no fault: nobody sees it.
        let unseen = matches!(fault, Fault::LateLanding | Fault::DoubleLanding);
        (!unseen || request.method != "GET").then_some(fault)
    }
}

fn is_create(request: &SimRequest) -> bool {
    request.method == "POST" && request.path.ends_with("/AR/ARReceiptAndAdjustmentBatches")
}

fn as_sent(request: &Request) -> SimRequest {
    let url = request.url();
    let mut headers: Vec<(String, String)> = request
        .headers()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    headers.push(("host".to_owned(), url.authority().to_owned()));
    SimRequest {
        method: request.method().as_str().to_owned(),
        path: url.path().to_owned(),
        query: url.query().unwrap_or_default().to_owned(),
        headers,
        body: request.payload().to_vec(),
    }
}

fn response(reply: SimReply) -> Response {
    let mut headers = HeaderMap::new();
    for (name, value) in &reply.headers {
        let name = paysage_http::HeaderName::try_from(name.as_str());
        if let (Ok(name), Ok(value)) = (name, value.parse()) {
            headers.insert(name, value);
        }
    }
    Response::new(reply.status, headers, reply.body.into())
}

fn page(status: u16) -> SimReply {
    const PAGE: &str = "<!DOCTYPE html><html><body><h1>Not now</h1></body></html>";
    let headers = vec![("content-type".to_owned(), "text/html".to_owned())];
    SimReply { status, headers, body: PAGE.as_bytes().to_vec() }
}

fn cut(mut reply: SimReply) -> SimReply {
    let half = reply.body.len() / 2;
    reply.body.truncate(half);
    reply
}

fn incident(phase: Phase, told: &str) -> Incident {
    let reason = match phase {
        Phase::NotSent => Reason::NoConnection(told.to_owned()),
        _ => Reason::ConnectionLost(told.to_owned()),
    };
    Incident { phase, status: None, reason }
}
