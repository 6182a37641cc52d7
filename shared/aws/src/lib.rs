//! The ports on AWS: the store on DynamoDB, the queues on SQS, secrets in Secrets Manager.
//!
//! * [`audit`]: what people did, in a chain of lines.
//! * [`connection`]: how AWS is reached; makes the clients.
//! * [`documents`]: the configuration of an environment.
//! * [`environment`]: what tables and queues are called.
//! * [`store`]: every operation of `ledger::store::Store` on one table.
//! * [`queue`]: sending to the queues between functions.
//! * [`releases`]: published documents, and which release is active.
//! * [`redrive`]: sending dead letters back.
//! * [`secrets`]: secrets by reference, kept for minutes.
//!
//! Nothing here reads the environment: whoever starts a function gives region, credentials, table
//! and queue names.

pub mod audit;
pub mod connection;
pub mod documents;
pub mod environment;
pub mod queue;
pub mod redrive;
pub mod releases;
pub mod secrets;
pub mod store;

#[cfg(test)]
mod emulator;
#[cfg(test)]
mod faults;
