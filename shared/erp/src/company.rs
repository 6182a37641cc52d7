//! One company's Web API: who its customers are, what is open, what is set up.

use domain::account::{Customer, OpenDocument};
use domain::id::{CustomerNumber, DocumentNumber};
use engine::port::{CallError, Called, Cause, NewCustomer, Period};
use jiff::civil::Date;
use sage300::{Filter, Key, Query, Sage300Client};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::account::{
    CUSTOMER_FIELDS, CustomerBody, DOCUMENT_FIELDS, StoredCustomer, StoredDocument, beginnings,
    spellings,
};
use crate::calendar;
use crate::failure::{failed, rule, unclear};
use crate::settings::Settings;

pub(crate) struct Company {
    pub(crate) client: Sage300Client,
    pub(crate) settings: Settings,
}

const CUSTOMERS: &str = "AR/ARCustomers";
const DOCUMENTS: &str = "AR/ARPostedDocuments";
const PAYMENT_CODES: &str = "AR/ARPaymentCodes";
const ORDERS: &str = "OE/OEOrders";
const BANKS: &str = "BK/BKBanks";
const CALENDARS: &str = "CS/CSFiscalCalendars";

impl Company {
    pub(crate) async fn customer(&self, number: &CustomerNumber) -> Called<Option<Customer>> {
        const OPERATION: &str = "read customer";
        let Some(code) = code(number.as_str(), 12) else { return Ok(None) };
        let stored: Option<StoredCustomer> =
            self.client.get(CUSTOMERS, &Key::text_key(&code)).await.map_err(failed(OPERATION))?;
        stored.map(|stored| same_customer(OPERATION, &code, stored)).transpose()
    }

    pub(crate) async fn customers_by_email(&self, email: &str) -> Called<Vec<Customer>> {
        let any = spellings(email).into_iter().map(|email| Filter::eq("Email", email.as_str()));
        self.customers("find customers by e-mail", any.reduce(Filter::or)).await
    }

    pub(crate) async fn customers_like(&self, name: &str) -> Called<Vec<Customer>> {
        let any = beginnings(name);
        let any = any.iter().map(|word| Filter::starts_with("CustomerName", word));
        self.customers("find customers by name", any.reduce(Filter::or)).await
    }

    /// The number is ours to choose, so creating twice is refused by Sage and read instead.
    pub(crate) async fn create_customer(&self, draft: &NewCustomer) -> Called<Customer> {
        const OPERATION: &str = "create customer";
        let body = CustomerBody::of(draft).map_err(|misfit| rule(OPERATION, &misfit))?;
        match self.client.create::<_, StoredCustomer>(CUSTOMERS, &body).await {
            Ok(stored) => same_customer(OPERATION, &body.customer_number, stored),
            Err(error) if error.is_duplicate() => {
                let there = self.customer(&draft.number).await?;
                there.ok_or_else(|| {
                    let number = &draft.number;
                    unclear(OPERATION, format!("customer {number} is there and is not"))
                })
            }
            Err(error) => Err(failed(OPERATION)(error)),
        }
    }

    pub(crate) async fn open_documents(
        &self,
        customer: &CustomerNumber,
    ) -> Called<Vec<OpenDocument>> {
        let Some(code) = code(customer.as_str(), 12) else { return Ok(Vec::new()) };
        let filter = Filter::eq("CustomerNumber", &code).and(Filter::eq("FullyPaid", "No"));
        let mut open = self.documents("read open documents", filter).await?;
        open.retain(|document| document.customer.as_str().eq_ignore_ascii_case(&code));
        Ok(open)
    }

    pub(crate) async fn document(&self, number: &DocumentNumber) -> Called<Vec<OpenDocument>> {
        let Some(code) = code(number.as_str(), 22) else { return Ok(Vec::new()) };
        let filter = Filter::eq("DocumentNumber", &code);
        let mut found = self.documents("find document", filter).await?;
        found.retain(|document| document.number.as_str().eq_ignore_ascii_case(&code));
        Ok(found)
    }

    /// A company without Order Entry has no orders.
    pub(crate) async fn order_customer(&self, order: &str) -> Called<Option<CustomerNumber>> {
        let Some(code) = code(order, 22) else { return Ok(None) };
        let query = Query::new()
            .filter(Filter::eq("OrderNumber", &code))
            .select(["OrderNumber", "CustomerNumber"]);
        let listed = self.client.list(ORDERS, &query).await.map_err(failed("find order"));
        let orders: Vec<Order> = empty_if_missing(listed)?;
        let order = orders.into_iter().find(|order| order.is(&code));
        Ok(order.map(|order| CustomerNumber(order.customer_number.trim().to_owned())))
    }

    pub(crate) async fn bank_exists(&self, bank: &str) -> Called<bool> {
        let Some(code) = code(bank, 8) else { return Ok(false) };
        let found: Option<Bank> =
            self.client.get(BANKS, &Key::text_key(&code)).await.map_err(failed("read bank"))?;
        Ok(found.is_some_and(|bank| !bank.inactive))
    }

    pub(crate) async fn payment_code_exists(&self, payment_code: &str) -> Called<bool> {
        let Some(code) = code(payment_code, 12) else { return Ok(false) };
        let found: Option<PaymentCode> = self
            .client
            .get(PAYMENT_CODES, &Key::text_key(&code))
            .await
            .map_err(failed("read payment code"))?;
        Ok(found.is_some_and(|found| found.status.trim() == "Active"))
    }

    /// Where there is no calendar to be read, posting itself is the judge.
    pub(crate) async fn period(&self, date: Date) -> Called<Period> {
        let listed = self.client.list(CALENDARS, &Query::new()).await;
        let years: Vec<Map<String, Value>> =
            empty_if_missing(listed.map_err(failed("read fiscal calendar")))?;
        Ok(calendar::period(&years, &self.settings.calendar, date))
    }

    async fn customers(
        &self,
        operation: &'static str,
        filter: Option<Filter>,
    ) -> Called<Vec<Customer>> {
        let Some(filter) = filter else { return Ok(Vec::new()) };
        let query = Query::new().filter(filter).select(CUSTOMER_FIELDS);
        let stored: Vec<StoredCustomer> =
            self.client.list(CUSTOMERS, &query).await.map_err(failed(operation))?;
        let mut customers: Vec<Customer> = stored.into_iter().map(Customer::from).collect();
        customers.sort_by(|a, b| a.number.cmp(&b.number));
        customers.dedup_by(|a, b| a.number == b.number);
        Ok(customers)
    }

    async fn documents(
        &self,
        operation: &'static str,
        filter: Filter,
    ) -> Called<Vec<OpenDocument>> {
        let query = Query::new().filter(filter).select(DOCUMENT_FIELDS);
        let stored: Vec<StoredDocument> =
            self.client.list(DOCUMENTS, &query).await.map_err(failed(operation))?;
        let payable = stored.into_iter().filter(StoredDocument::is_payable);
        payable
            .map(|stored| stored.into_open().map_err(|obscure| rule(operation, &obscure)))
            .collect()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Order {
    order_number: String,
    customer_number: String,
}

impl Order {
    fn is(&self, code: &str) -> bool {
        self.order_number.trim().eq_ignore_ascii_case(code)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Bank {
    #[serde(default)]
    inactive: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PaymentCode {
    #[serde(default)]
    status: String,
}

/// A code as Sage stores it, in upper case; `None` when no record can have it.
fn code(text: &str, length_max: usize) -> Option<String> {
    let code = text.trim().to_uppercase();
    (!code.is_empty() && code.chars().count() <= length_max).then_some(code)
}

fn same_customer(operation: &'static str, code: &str, stored: StoredCustomer) -> Called<Customer> {
    let customer = Customer::from(stored);
    if customer.number.as_str().eq_ignore_ascii_case(code) {
        return Ok(customer);
    }
    let answered = &customer.number;
    Err(unclear(operation, format!("customer {code} was asked for, {answered} answered")))
}

fn empty_if_missing<T>(listed: Result<Vec<T>, CallError>) -> Called<Vec<T>> {
    match listed {
        Err(error) if error.cause == Some(Cause::Missing) => Ok(Vec::new()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_no_record_can_have_are_not_asked_for() {
        assert_eq!(code(" in-118 ", 22).as_deref(), Some("IN-118"));
        assert_eq!(code("  ", 22), None);
        assert_eq!(code("1234567890123", 12), None);
    }

    #[test]
    fn another_customer_than_asked_for_is_no_answer() {
        let stored = |number: &str| {
            let text = format!(r#"{{"CustomerNumber":"{number}","Status":"Active"}}"#);
            serde_json::from_str::<StoredCustomer>(&text).unwrap()
        };
        assert!(same_customer("read customer", "WEB1", stored("web1 ")).is_ok());
        assert!(same_customer("read customer", "WEB1", stored("WEB2")).is_err());
    }
}
