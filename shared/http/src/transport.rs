//! What carries a request to its host and the answer back.

use async_trait::async_trait;

use crate::{Phase, Reason, Request, Response};

/// The network, or something that behaves like one. Rules, limits and time-outs are the client's.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Sends once. A dropped call may still arrive.
    ///
    /// # Errors
    /// When there is no usable response.
    async fn carry(&self, request: Request) -> Result<Response, Incident>;
}

/// Why there is no usable response.
#[derive(Debug)]
pub struct Incident {
    pub phase: Phase,
    /// The HTTP status, where one was read.
    pub status: Option<u16>,
    pub reason: Reason,
}
