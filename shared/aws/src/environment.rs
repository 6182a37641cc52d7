//! What an environment's tables and queues are called, as the template names them: for whoever comes
//! from outside, with credentials of their own.

use engine::port::QueueError;

use crate::connection::Connection;
use crate::queue::QueueUrls;

/// `paysage-ENVIRONMENT-ledger`.
#[must_use]
pub fn ledger_table(environment: &str) -> String {
    format!("paysage-{environment}-ledger")
}

/// `paysage-ENVIRONMENT-documents`.
#[must_use]
pub fn documents_table(environment: &str) -> String {
    format!("paysage-{environment}-documents")
}

/// Asks SQS where the queues between functions are.
///
/// # Errors
/// When there is no such environment, or the caller may not see it.
pub async fn queue_urls(
    connection: &Connection,
    environment: &str,
) -> Result<QueueUrls, QueueError> {
    let hints = url(connection, &format!("paysage-{environment}-hints")).await?;
    let effects_ready = url(connection, &format!("paysage-{environment}-effects-ready")).await?;
    Ok(QueueUrls { hints, effects_ready })
}

async fn url(connection: &Connection, name: &str) -> Result<String, QueueError> {
    let asked = connection.sqs().get_queue_url().queue_name(name).send().await;
    let answer = asked.map_err(|error| QueueError(Box::new(error)))?;
    let absent = || QueueError(format!("SQS gave no address of {name}").into());
    answer.queue_url.ok_or_else(absent)
}
