//! The entity schemas: which resources there are, their properties, types, keys and verbs.

mod fit;
mod metadata;
mod shape;
mod tables;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

pub use self::metadata::metadata;
pub use self::shape::{Enumeration, Field, Kind, Member, Shape};

/// Everything a Sage 300 installation offers.
#[derive(Debug, Default)]
pub struct Catalogue {
    resources: BTreeMap<String, Resource>,
}

#[derive(Debug)]
pub struct Resource {
    /// Full Web API name, such as `ARCustomers`.
    pub name: String,
    /// Two letters, such as `AR`.
    pub module: String,
    pub verbs: Verbs,
    pub shape: Arc<Shape>,
    /// Served only where a partner has added it.
    pub partner: bool,
}

/// What may be done with a resource.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Verbs(u8);

impl Verbs {
    pub const GET: Self = Self(1);
    pub const POST: Self = Self(2);
    pub const PATCH: Self = Self(4);
    pub const PUT: Self = Self(8);
    pub const DELETE: Self = Self(16);
    /// POST `('$process')`.
    pub const PROCESS: Self = Self(32);

    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    #[must_use]
    pub fn offers(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl Catalogue {
    #[must_use]
    pub fn resource(&self, name: &str) -> Option<&Resource> {
        self.resources.get(name)
    }

    /// All resources, by name.
    pub fn all(&self) -> impl Iterator<Item = &Resource> {
        self.resources.values()
    }

    /// The resources of one module, by name.
    pub fn of_module<'a>(&'a self, module: &'a str) -> impl Iterator<Item = &'a Resource> {
        self.resources.values().filter(move |resource| resource.module == module)
    }
}

impl Resource {
    /// The namespace of the resource's types.
    #[must_use]
    pub fn namespace(&self) -> String {
        namespace(&self.module)
    }
}

/// The namespace of a module's types. [O]
#[must_use]
pub fn namespace(module: &str) -> String {
    format!("Sage.CA.SBS.ERP.Sage300.{module}.WebApi.Models")
}

/// The schemas of this simulator.
#[must_use]
pub fn catalogue() -> &'static Catalogue {
    static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(compiled_in);
    &CATALOGUE
}

const TABLES: [&str; 7] = [
    include_str!("enums.txt"),
    include_str!("ar_receipts.txt"),
    include_str!("ar_documents.txt"),
    include_str!("ar_setup.txt"),
    include_str!("oe.txt"),
    include_str!("ic_gl.txt"),
    include_str!("bk_cs_tx.txt"),
];

#[expect(clippy::expect_used, reason = "the tables are compiled in, and a test reads them all")]
fn compiled_in() -> Catalogue {
    tables::read(&TABLES).expect("the compiled-in schema tables are well-formed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_follow_the_published_list() {
        let verbs = |name: &str| catalogue().resource(name).unwrap().verbs;
        let read_write = Verbs::GET.with(Verbs::POST);
        assert_eq!(verbs("OEOrders"), read_write);
        assert_eq!(verbs("OECreditDebitNotes"), read_write);
        assert_eq!(verbs("BKBankEntries"), read_write);
        assert_eq!(verbs("ARInvoiceBatches"), read_write.with(Verbs::PATCH));
        assert_eq!(verbs("GLJournalBatches"), read_write.with(Verbs::PATCH));
        assert_eq!(verbs("ARPostedDocuments"), Verbs::GET);
        assert_eq!(verbs("ARPostInvoices"), Verbs::PROCESS);
        assert!(verbs("ARCustomers").offers(Verbs::PUT.with(Verbs::DELETE)));
    }

    #[test]
    fn names_that_are_no_resources_are_absent() {
        for name in ["OESOH", "ICITEM", "OEShipments", "ARDocuments", "GLBatches"] {
            assert!(catalogue().resource(name).is_none(), "{name}");
        }
        assert!(catalogue().resource("ICLocationDetails").unwrap().partner);
    }

    #[test]
    fn a_record_is_completed_in_declared_order() {
        let shape = &catalogue().resource("ARPaymentCodes").unwrap().shape;
        let row = serde_json::json!({"PaymentType": "Other", "PaymentCodeKey": "CCARD"});
        let serde_json::Value::Object(row) = row else { unreachable!() };
        let whole = serde_json::Value::Object(shape.complete(row)).to_string();
        assert_eq!(
            whole,
            concat!(
                r#"{"PaymentCodeKey":"CCARD","Description":"","Status":"Active","#,
                r#""InactiveDate":null,"DateLastMaintained":null,"PaymentType":"Other","#,
                r#""UpdateOperation":"Unspecified"}"#
            )
        );
    }

    #[test]
    fn the_template_of_a_post_process_posts_nothing() {
        let row = catalogue().resource("ARPostReceiptsAndAdjustments").unwrap().shape.default_row();
        assert_eq!(row["PostAllBatches"], "Donotpostallbatches");
        assert_eq!(row["BatchType"], "CA");
        assert_eq!(row["PostBatchFrom"], 0);
    }
}
