//! Orders. They cannot be changed through the Web API: what is shipped and invoiced is shipped and
//! invoiced as the order is made. [O]

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::super::resource::Row;
use super::Books;
use super::cell::{amount, day, filled, flag, number, put, text};
use super::masters::shape_of;
use super::merge;
use super::refusal::{self, Outcome};
use super::sale::{self, Names, SaleLine, Terms};

const NAMES: Names = Names { price: "OrderUnitPrice", charge: "ExtendedAmount" };

/// How far apart Order Entry numbers its lines. [O]
pub const LINE_STEP: usize = 32;

impl Books {
    /// # Errors
    /// When the order is not in order.
    pub(super) fn insert_order(&mut self, payload: &Row) -> Outcome<Row> {
        let shape = shape_of("OEOrders")?;
        let mut order = Row::new();
        merge::apply(shape, &mut order, payload)?;
        let terms = self.sale_terms(&order, "OrderDate")?;
        let details: Vec<Row> = super::cell::lines(&order, "OrderDetails").cloned().collect();
        if details.is_empty() {
            return Err(refusal::invalid("The order has no details."));
        }
        let named = filled(&order, "OrderNumber").filter(|number| !number.starts_with('*'));
        if let Some(number) = named
            && self.sequences.orders.named(number).is_some()
        {
            return Err(refusal::duplicate(format!("Order number {number} already exists.")));
        }
        let mut lines = Vec::with_capacity(details.len());
        for detail in details {
            let ordered = amount(&detail, "QuantityOrdered").unwrap_or_default();
            lines.push((self.sale_line(&terms, &detail, ordered, NAMES)?, detail));
        }
        let ships = matches!(text(&order, "OrderType"), "" | "Active");
        let shipped = if ships { self.shippable(&lines)? } else { false };
        let order_number = match named {
            Some(number) => number.to_owned(),
            None => self.counters.number("ORD", 12),
        };
        put(&mut order, "OrderNumber", order_number);
        self.write_order(&mut order, &terms, &lines);
        if shipped {
            self.ship(&mut order, &terms, &lines)?;
        }
        let number = self.sequences.orders.add(order);
        let stored = self.sequences.orders.find_mut(number).ok_or_else(refusal::not_found)?;
        merge::hand_down(shape, stored);
        Ok(stored.clone())
    }

    /// Whether anything is shipped; what is, must be there.
    fn shippable(&self, lines: &[(SaleLine, Row)]) -> Outcome<bool> {
        let mut wanted = std::collections::BTreeMap::new();
        for (line, detail) in lines {
            let Some(item) = &line.item else { continue };
            let shipped = quantity_shipped(detail);
            if shipped > amount(detail, "QuantityOrdered").unwrap_or_default() {
                return Err(refusal::invalid("More is shipped than was ordered."));
            }
            if self.item(item).is_ok_and(|item| flag(item, "StockItem")) {
                let name = (item.clone(), line.location.clone());
                *wanted.entry(name).or_insert(Decimal::ZERO) += shipped;
            }
        }
        for ((item, location), quantity) in &wanted {
            let on_hand = self.stock.on_hand(item, location);
            if *quantity > on_hand {
                return Err(refusal::invalid(format!(
                    "Item {item} at location {location}: {quantity} cannot be shipped, {on_hand} \
                     is on hand."
                )));
            }
        }
        Ok(lines.iter().any(|(_, detail)| quantity_shipped(detail) > Decimal::ZERO))
    }

    fn write_order(&self, order: &mut Row, terms: &Terms, lines: &[(SaleLine, Row)]) {
        if let Some(customer) = self.masters.find("ARCustomers", &terms.customer) {
            for (name, from) in [
                ("BillToName", "CustomerName"),
                ("BillToAddressLine1", "AddressLine1"),
                ("BillToCity", "City"),
                ("BillToStateProvince", "StateProvince"),
                ("BillToZipPostalCode", "ZipPostalCode"),
                ("BillToCountry", "Country"),
                ("ShipToName", "CustomerName"),
                ("CustomerGroupCode", "GroupCode"),
                ("TermsCode", "Terms"),
                ("DefaultPriceListCode", "CustomerPriceList"),
            ] {
                if filled(order, name).is_none() {
                    put(order, name, text(customer, from));
                }
            }
        }
        for (name, value) in [
            ("DefaultLocationCode", &terms.location),
            ("TaxGroup", &terms.tax_group),
            ("OrderSourceCurrency", &terms.currency),
            ("OrderHomeCurrency", &self.functional_currency()),
        ] {
            put(order, name, value.as_str());
        }
        if filled(order, "OrderType").is_none() {
            put(order, "OrderType", "Active");
        }
        put(order, "OrderDate", day(terms.date));
        put(order, "OrderRate", number(terms.rate));
        put(order, "OrderFiscalYear", terms.period.year.to_string());
        put(order, "OrderFiscalPeriod", terms.period.member());
        let sale_lines: Vec<SaleLine> = lines.iter().map(|(line, _)| line.clone()).collect();
        let (net, tax) = sale::totals(&sale_lines);
        put(order, "OrderSubtotal", number(net));
        put(order, "OrderTotal", number(net));
        put(order, "OrderTotalTax", number(tax));
        put(order, "OrderTotalWithTax", number(net + tax));
        put(order, "TermsTotalDue", number(net + tax));
        put(order, "NumberOfLinesInOrder", lines.len());
        let details = lines.iter().zip(1_usize..).map(|((line, detail), at)| {
            let mut detail = detail.clone();
            put(&mut detail, "LineNumber", at.saturating_mul(LINE_STEP));
            line.write(&mut detail, None);
            if line.item.is_some() {
                let ordered = amount(&detail, "QuantityOrdered").unwrap_or_default();
                let back = ordered - quantity_shipped(&detail);
                put(&mut detail, "QuantityBackordered", number(back));
                put(&mut detail, "OrderUnitPrice", number(line.price));
                if filled(&detail, "OrderUnitOfMeasure").is_none() {
                    put(&mut detail, "OrderUnitOfMeasure", "Ea.");
                }
            }
            Value::Object(detail)
        });
        let details: Vec<Value> = details.collect();
        order.insert("OrderDetails".into(), json!(details));
    }

    /// Ships, and invoices when the order says so.
    fn ship(&mut self, order: &mut Row, terms: &Terms, lines: &[(SaleLine, Row)]) -> Outcome<()> {
        for (line, detail) in lines {
            if let Some(item) = &line.item {
                self.stock.change(item, &line.location, -quantity_shipped(detail));
            }
        }
        let shipment = self.counters.number("SH", 13);
        put(order, "LastShipmentNumber", shipment.as_str());
        put(order, "NumberOfShipments", 1);
        for detail in super::cell::lines_mut(order, "OrderDetails") {
            let shipped = quantity_shipped(detail);
            put(detail, "QuantityShippedToDate", number(shipped));
        }
        if !flag(order, "InvoiceWillBeProduced") {
            return Ok(());
        }
        let mut invoiced = Vec::with_capacity(lines.len());
        for (_, detail) in lines {
            let line = self.sale_line(terms, detail, quantity_shipped(detail), NAMES)?;
            invoiced.push((line, detail.clone()));
        }
        let invoice = self.oe_invoice(order, terms, &invoiced);
        put(order, "LastInvoiceNumber", invoice);
        put(order, "NumberOfInvoices", 1);
        let whole = lines.iter().all(|(_, detail)| {
            amount(detail, "QuantityOrdered").unwrap_or_default() == quantity_shipped(detail)
        });
        if whole {
            put(order, "OrderCompleted", "CompleteNotIncluded");
            put(order, "OrderCompletionDate", day(terms.date));
        }
        Ok(())
    }

    /// Stores the invoice; its number.
    fn oe_invoice(&mut self, order: &Row, terms: &Terms, lines: &[(SaleLine, Row)]) -> String {
        let invoice_number = self.counters.number("IN", 13);
        let due = self.due_date(text(order, "TermsCode"), terms.date);
        let sale_lines: Vec<SaleLine> = lines.iter().map(|(line, _)| line.clone()).collect();
        let (net, tax) = sale::totals(&sale_lines);
        let mut row = Row::new();
        put(&mut row, "InvoiceNumber", invoice_number.as_str());
        for (name, from) in [
            ("OrderNumber", "OrderNumber"),
            ("ShipmentNumber", "LastShipmentNumber"),
            ("CustomerNumber", "CustomerNumber"),
            ("BillToName", "BillToName"),
            ("ShipToName", "ShipToName"),
            ("PurchaseOrderNumber", "PurchaseOrderNumber"),
            ("OrderReference", "OrderReference"),
            ("TermsCode", "TermsCode"),
            ("TaxGroup", "TaxGroup"),
            ("DefaultLocationCode", "DefaultLocationCode"),
            ("InvoiceHomeCurrency", "OrderHomeCurrency"),
            ("InvoiceSourceCurrency", "OrderSourceCurrency"),
            ("InvoiceFiscalYear", "OrderFiscalYear"),
            ("InvoiceFiscalPeriod", "OrderFiscalPeriod"),
        ] {
            if let Some(value) = order.get(from) {
                row.insert(name.to_owned(), value.clone());
            }
        }
        for name in ["InvoiceDate", "OrderDate", "ShipmentDate", "PostingDate", "InvoiceRateDate"] {
            put(&mut row, name, day(terms.date));
        }
        put(&mut row, "DueDate", day(due));
        put(&mut row, "InvoiceRate", number(terms.rate));
        put(&mut row, "InvoiceSubtotal", number(net));
        put(&mut row, "InvoiceTotalTax", number(tax));
        put(&mut row, "InvoiceTotal", number(net + tax));
        put(&mut row, "InvoiceAmountDue", number(net + tax));
        put(&mut row, "InvoiceStatus", "Documentnotcosted");
        put(&mut row, "NumberOfDetails", lines.len());
        let details = lines.iter().zip(1_usize..);
        let details: Vec<Value> = details.map(|(pair, at)| invoice_line(pair, at)).collect();
        row.insert("InvoiceDetails".into(), json!(details));
        let schedule = json!([{"PaymentNumber": 1, "DueDate": day(due),
            "AmountDue": number(net + tax)}]);
        row.insert("InvoicePaymentSchedules".into(), schedule);
        let uniquifier = self.sequences.invoices.add(row);
        if let (Some(stored), Ok(shape)) =
            (self.sequences.invoices.find_mut(uniquifier), shape_of("OEInvoices"))
        {
            merge::hand_down(shape, stored);
        }
        self.queue_for_day_end("OEInvoices", uniquifier, sale_lines);
        invoice_number
    }
}

fn invoice_line((line, ordered): &(SaleLine, Row), at: usize) -> Value {
    let mut row = Row::new();
    put(&mut row, "LineNumber", at.saturating_mul(LINE_STEP));
    for (name, from) in [
        ("LineType", "LineType"),
        ("Item", "Item"),
        ("MiscellaneousChargesCode", "MiscellaneousChargesCode"),
        ("QuantityOrdered", "QuantityOrdered"),
        ("QuantityShipped", "QuantityShipped"),
        ("QuantityInvoiced", "QuantityShipped"),
        ("InvoiceUnitOfMeasure", "OrderUnitOfMeasure"),
    ] {
        if let Some(value) = ordered.get(from) {
            row.insert(name.to_owned(), value.clone());
        }
    }
    line.write(&mut row, Some("TaxTotal"));
    put(&mut row, "UnitPrice", number(line.price));
    Value::Object(row)
}

fn quantity_shipped(detail: &Row) -> Decimal {
    if text(detail, "LineType") == "Miscellaneous" {
        return Decimal::ZERO;
    }
    amount(detail, "QuantityShipped").unwrap_or_default()
}
