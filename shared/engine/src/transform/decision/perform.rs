//! The calls of a flow, performed at the books and at PayTrace.

use domain::account::OpenDocument;
use domain::effect::Hold;
use domain::exception::ReasonCode;
use domain::id::CustomerNumber;
use domain::money::Money;
use domain::transaction::Payer;
use flows::run::{Answer, Call};
use flows::value::Value;
use ledger::apply::{self, Order};
use ledger::decide::Party;
use ledger::store::{Guard, Pending};

use super::super::books::{meant, names_in};
use super::super::{Transform, TransformError};
use super::Case;
use super::given::{amount, text};

/// What one run of a flow has learnt from the books.
pub(super) struct Desk<'a> {
    transform: &'a Transform,
    case: &'a Case<'a>,
    named: Option<Vec<OpenDocument>>,
    guard: Option<Guard>,
    asked_sage: bool,
}

impl<'a> Desk<'a> {
    pub(super) fn new(transform: &'a Transform, case: &'a Case<'a>) -> Self {
        Self { transform, case, named: None, guard: None, asked_sage: false }
    }

    /// Under which condition what was decided may be recorded.
    pub(super) fn guard(self) -> Option<Guard> {
        self.guard
    }

    pub(super) fn asked_sage(&self) -> bool {
        self.asked_sage
    }

    pub(super) async fn perform(&mut self, call: &Call) -> Result<Answer, TransformError> {
        self.asked_sage |= call.action.name.starts_with("sage300.");
        let input = &call.input;
        match call.action.name.as_str() {
            "sage300.setup.check" => self.setup(input).await,
            "sage300.customer.match" => self.customer(input).await,
            "sage300.period.open" => self.period(input).await,
            "sage300.documents.open" => self.open(input).await,
            "sage300.documents.apply" => self.apply(input).await,
            other => Ok(refused(&Hold {
                reason: ReasonCode::Unexpected,
                evidence: format!("`{other}` is not available in this version"),
            })),
        }
    }

    async fn setup(&self, input: &Value) -> Result<Answer, TransformError> {
        let (bank, code) = (input.at("bank").text(), input.at("payment_code").text());
        let problem = self.transform.setup_problem(&self.case.merchant.company, bank, code).await?;
        let found = Value::object([
            ("bank", input.at("bank").clone()),
            ("payment_code", input.at("payment_code").clone()),
        ]);
        Ok(problem.map_or(Answer::Found(found), |hold| refused(&hold)))
    }

    async fn customer(&mut self, input: &Value) -> Result<Answer, TransformError> {
        let told = |name: &str| input.at(name).to_string();
        let payer = Payer {
            profile: input.at("profile").text().map(Into::into),
            name: told("name"),
            email: told("email"),
            street: told("street"),
            city: told("city"),
            state: told("state"),
            zip: told("zip"),
            country: told("country"),
        };
        let named = self.named(&told("named")).await?;
        let party = self.transform.party(self.case.merchant, &payer, &named).await?;
        Ok(match party {
            Party::Undecided(hold) => refused(&hold),
            Party::Known(customer) => Answer::Found(Value::object([
                ("number", customer.number.as_str().into()),
                ("name", text(&customer.name)),
                ("email", text(&customer.email)),
                ("currency", text(&customer.currency)),
                ("active", Value::Bool(customer.active)),
            ])),
        })
    }

    async fn period(&self, input: &Value) -> Result<Answer, TransformError> {
        let Value::Date(date) = input.at("date") else { return Ok(unusable("date")) };
        let roll = input.at("closed").text() == Some("roll");
        let day = self.transform.open_day(&self.case.merchant.company, *date, roll).await?;
        Ok(match day {
            Ok(day) => Answer::Found(Value::object([("date", Value::Date(day))])),
            Err(hold) => refused(&hold),
        })
    }

    async fn open(&mut self, input: &Value) -> Result<Answer, TransformError> {
        let Some(number) = input.at("customer").text() else { return Ok(unusable("customer")) };
        let (open, pending) = self.balances(&CustomerNumber::from(number)).await?;
        let mut rows = Vec::new();
        for document in Order::OldestDue.sort(open) {
            let zero = Money::zero(document.due.currency);
            let reserved = pending.by_document.get(&document.number).copied().unwrap_or(zero);
            let Ok(due) = document.due.minus(reserved) else { return Ok(unusable("customer")) };
            rows.push(Value::object([
                ("document", document.number.as_str().into()),
                ("due", amount(due)),
                ("due_date", Value::Date(document.due_date)),
                ("order_number", document.order_number.as_str().into()),
                ("purchase_order", document.purchase_order.as_str().into()),
            ]));
        }
        Ok(Answer::Found(Value::object([("documents", Value::List(rows))])))
    }

    /// What is pending with us is read, with its version, before what is open: a receipt posted in
    /// between is then counted twice, never not at all.
    async fn balances(
        &mut self,
        number: &CustomerNumber,
    ) -> Result<(Vec<OpenDocument>, Pending), TransformError> {
        let company = &self.case.merchant.company;
        let pending = self.transform.store.pending(company, number).await?;
        let open = self.transform.erp.open_documents(company, number).await?;
        let (company, customer) = (company.clone(), number.clone());
        self.guard = Some(Guard { company, customer, version: pending.version });
        Ok((open, pending))
    }

    async fn apply(&mut self, input: &Value) -> Result<Answer, TransformError> {
        let Some(number) = input.at("customer").text() else { return Ok(unusable("customer")) };
        let number = CustomerNumber::from(number);
        let currency = self.case.transaction.amount.currency;
        let money = input.at("amount").number();
        let money = money.and_then(|number| Money::from_decimal(number, currency).ok());
        let Some(money) = money else { return Ok(unusable("amount")) };
        let Some(order) = input.at("order").text().and_then(Order::named) else {
            return Ok(unusable("order"));
        };
        let names = input.at("named").to_string();
        let named = self.named(&names).await?;
        let (open, pending) = self.balances(&number).await?;
        let names = names_in(&names);
        let named = meant(&names, self.case.transaction, &named, &number, &open);
        let of_order = match named.is_empty() {
            true => self.transform.order(self.case.merchant, &names, &number).await?,
            false => None,
        };
        let chosen = match (&of_order, named.is_empty()) {
            (Some(_), _) => Vec::new(),
            (None, false) => named,
            (None, true) => order.sort(open),
        };
        let lines = match apply::draw_down(money, &chosen, &pending.by_document) {
            Ok(lines) => lines,
            Err(error) => {
                let evidence = error.to_string();
                return Ok(refused(&Hold { reason: ReasonCode::AmountInvalid, evidence }));
            }
        };
        let applied: i64 = lines.iter().map(|line| line.amount.minor).sum();
        let rest = Money::new(money.minor.saturating_sub(applied), currency);
        let rows = lines.iter().map(|line| {
            Value::object([
                ("document", line.document.as_str().into()),
                ("amount", amount(line.amount)),
            ])
        });
        Ok(Answer::Found(Value::object([
            ("lines", Value::List(rows.collect())),
            ("unapplied", amount(rest)),
            ("order", of_order.as_deref().map_or(Value::Null, text)),
        ])))
    }

    /// The documents of those names, of any customer, asked for once.
    async fn named(&mut self, names: &str) -> Result<Vec<OpenDocument>, TransformError> {
        if let Some(named) = &self.named {
            return Ok(named.clone());
        }
        let mut found = Vec::new();
        for name in names_in(names) {
            let company = &self.case.merchant.company;
            found.extend(self.transform.erp.document(company, &name.as_str().into()).await?);
        }
        self.named = Some(found.clone());
        Ok(found)
    }
}

fn refused(hold: &Hold) -> Answer {
    Answer::Refused { reason: hold.reason, evidence: hold.evidence.clone() }
}

fn unusable(name: &str) -> Answer {
    let evidence = format!("the flow gave no usable `{name}`");
    Answer::Refused { reason: ReasonCode::AmountInvalid, evidence }
}
