//! `paysage serve`: the product against the addresses in its configuration.

use std::path::Path;

use runtime::config::Config;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::wire::{self, StartError};
use crate::{host, say};

/// Runs until the process is told to stop (SIGTERM, SIGINT).
///
/// # Errors
/// In words, when it cannot start.
pub async fn run(config: &Path, check: bool) -> Result<(), String> {
    let config = Config::read(config).map_err(|error| say::chain(&error))?;
    if check {
        runtime::config::resolve_secrets(&config).map_err(|error| say::chain(&error))?;
        say::line("The configuration and the secrets it names can be used.");
        return Ok(());
    }
    runtime::telemetry::install(&config.log, runtime::card::redact)
        .map_err(|error| say::chain(&error))?;
    let (product, listener) = start(config).await.map_err(|error| say::chain(&error))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    say::line(format!("Paysage listens at http://{address}/"));
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(async move {
        told_to_stop().await;
        stop.send_replace(true);
        // Held until the process ends, so that the host sees the change and not the loss of it.
        std::future::pending::<()>().await;
    });
    host::run(product, listener, stopped).await;
    Ok(())
}

/// Opens the store and the port.
///
/// # Errors
/// When either cannot be used.
pub async fn start(config: Config) -> Result<(wire::Product, TcpListener), StartError> {
    let address = config.listen.clone();
    let product = wire::product(config)?;
    let listener = TcpListener::bind(&address)
        .await
        .map_err(|source| StartError::Listen { address, source })?;
    Ok((product, listener))
}

/// Returns when the process is asked to end.
pub async fn told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminated) => tokio::select! {
            _ = terminated.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        },
        Err(error) => {
            tracing::warn!(error = %error, "SIGTERM cannot be waited for");
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}
