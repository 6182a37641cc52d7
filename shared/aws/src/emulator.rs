//! An emulator of AWS for the tests, named by `AWS_ENDPOINT_URL`; without it they are skipped, and
//! say so. Only an address of this machine is taken: nothing here may ever reach AWS itself.

use std::io::Write;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType,
};
use runtime::config::Secret;

use crate::connection::{Access, Connection};
use crate::store::layout;

const VARIABLE: &str = "AWS_ENDPOINT_URL";

/// The emulator's address, or a line on standard error that the test did not run.
#[expect(clippy::disallowed_methods, reason = "a test is told of the emulator this way")]
pub fn endpoint(test: &str) -> Option<String> {
    let Ok(endpoint) = std::env::var(VARIABLE) else {
        // Written past the capture of the test harness, so that it is seen though the test passes.
        let told = writeln!(std::io::stderr(), "SKIPPED {test}: {VARIABLE} names no emulator");
        told.unwrap();
        return None;
    };
    let local = ["http://127.0.0.1:", "http://localhost:"];
    assert!(local.iter().any(|start| endpoint.starts_with(start)), "{endpoint} is not local");
    Some(endpoint)
}

pub fn connection(endpoint: &str) -> Connection {
    let access = Access {
        region: "us-east-1".to_owned(),
        access_key_id: "test".to_owned(),
        secret_access_key: Secret::new("test".to_owned()),
        session_token: None,
        endpoint: Some(endpoint.to_owned()),
    };
    Connection::new(access).unwrap()
}

/// A name no other test, process or run uses.
#[expect(clippy::disallowed_methods, reason = "a name that no earlier run used")]
pub fn fresh_name(what: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let next = NEXT.fetch_add(1, Ordering::SeqCst);
    let nanos = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    format!("{what}-{}-{}-{next}", std::process::id(), nanos.as_nanos())
}

/// A new, empty table as the store needs it.
pub async fn table(client: &aws_sdk_dynamodb::Client) -> String {
    let name = fresh_name("ledger");
    let mut create = client
        .create_table()
        .table_name(&name)
        .billing_mode(BillingMode::PayPerRequest)
        .set_key_schema(Some(keys(layout::TABLE)));
    for (hash, range) in [layout::TABLE, layout::BY_STATE, layout::STRAYS] {
        create = create.attribute_definitions(text(hash)).attribute_definitions(text(range));
    }
    let carried = layout::BY_STATE_CARRIES.iter().map(|name| (*name).to_owned());
    let by_state = Projection::builder()
        .projection_type(ProjectionType::Include)
        .set_non_key_attributes(Some(carried.collect()));
    let strays = Projection::builder().projection_type(ProjectionType::KeysOnly);
    for (index, keyed, carries) in [
        (layout::BY_STATE_NAME, layout::BY_STATE, by_state),
        (layout::STRAYS_NAME, layout::STRAYS, strays),
    ] {
        let index = GlobalSecondaryIndex::builder()
            .index_name(index)
            .set_key_schema(Some(keys(keyed)))
            .projection(carries.build());
        create = create.global_secondary_indexes(index.build().unwrap());
    }
    create.send().await.unwrap();
    name
}

fn keys((hash, range): (&str, &str)) -> Vec<KeySchemaElement> {
    let element = |name: &str, kind: KeyType| {
        KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap()
    };
    vec![element(hash, KeyType::Hash), element(range, KeyType::Range)]
}

fn text(name: &str) -> AttributeDefinition {
    let definition = AttributeDefinition::builder().attribute_name(name);
    definition.attribute_type(ScalarAttributeType::S).build().unwrap()
}

/// A new, empty queue, by its URL.
pub async fn queue(client: &aws_sdk_sqs::Client, what: &str) -> String {
    let created = client.create_queue().queue_name(fresh_name(what)).send().await;
    created.unwrap().queue_url.unwrap()
}
