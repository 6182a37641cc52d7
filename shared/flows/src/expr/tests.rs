use rust_decimal::Decimal;

use super::*;

fn amount(currency: &str) -> Type {
    Type::Amount { currency: currency.to_owned() }
}

fn field(of: Type, required: bool) -> FieldOf {
    FieldOf { of, required, role: None }
}

fn scope() -> Scope {
    let mut scope = Scope::default();
    let line = [
        ("document".to_owned(), field(Type::Text { len_max: Some(22) }, true)),
        ("amount".to_owned(), field(amount("payment"), true)),
    ];
    let payment = [
        ("amount".to_owned(), field(amount("payment"), true)),
        ("tip".to_owned(), field(amount("payment"), false)),
        ("brand".to_owned(), field(Type::Text { len_max: Some(16) }, true)),
        ("on".to_owned(), field(Type::Date, true)),
        ("at".to_owned(), field(Type::Time, true)),
        ("lines".to_owned(), field(Type::List(Box::new(Type::Object(line.into()))), true)),
    ];
    scope.define("payment", field(Type::Object(payment.into()), true));
    let customer = [("balance".to_owned(), field(amount("customer"), true))];
    scope.define("customer", field(Type::Object(customer.into()), true));
    scope
}

fn values() -> BTreeMap<String, Value> {
    let line = |document: &str, minor| {
        Value::object([("document", document.into()), ("amount", Decimal::new(minor, 2).into())])
    };
    let payment = Value::object([
        ("amount", Decimal::new(123_410, 2).into()),
        ("tip", Value::Null),
        ("brand", "visa".into()),
        ("on", Value::Date("2026-03-02".parse().unwrap())),
        ("at", Value::Time("2026-03-02T10:00:00Z".parse().unwrap())),
        ("lines", Value::List(vec![line("IN1", 500), line("IN2", 300)])),
    ]);
    let customer = Value::object([("balance", Decimal::new(500, 2).into())]);
    [("payment".to_owned(), payment), ("customer".to_owned(), customer)].into()
}

fn gives(text: &str) -> String {
    let (expression, _) =
        Expression::infer(text, &scope()).unwrap_or_else(|e| panic!("{text}: {e}"));
    expression.evaluate(&values()).unwrap_or_else(|e| panic!("{text}: {e}")).to_string()
}

fn code(text: &str) -> &'static str {
    Expression::infer(text, &scope()).err().unwrap_or_else(|| panic!("{text}")).code
}

#[test]
fn decimals_are_exact() {
    assert_eq!(gives("0.1 + 0.2 == 0.3"), "true");
    assert_eq!(gives("round(1234.10 * 2.9 / 100, 2)"), "35.79");
    assert_eq!(gives("79228162514264337593543.95 + 0.10"), "79228162514264337593544.05");
    assert_eq!(gives("payment.amount - 0.10"), "1234.00");
}

#[test]
fn amounts_of_two_currencies_and_unrounded_ones_are_refused() {
    assert_eq!(code("payment.amount + customer.balance"), "CURRENCY_MISMATCH");
    assert_eq!(code("payment.amount > customer.balance"), "CURRENCY_MISMATCH");
    let fee = Expression::compile("payment.amount * 0.029", &scope(), &amount("payment"));
    assert_eq!(fee.unwrap_err().code, "NOT_ROUNDED");
    let fee = Expression::compile("round(payment.amount * 0.029, 2)", &scope(), &amount("payment"));
    assert_eq!(fee.unwrap().evaluate(&values()).unwrap().to_string(), "35.79");
    let other = Expression::compile("customer.balance", &scope(), &amount("payment"));
    assert_eq!(other.unwrap_err().code, "CURRENCY_MISMATCH");
}

#[test]
fn what_may_be_null_is_said() {
    assert_eq!(code("payment.tip + 1.00"), "MAY_BE_NULL");
    assert_eq!(gives("payment.tip ?? 1.00"), "1.00");
    assert_eq!(gives("payment.tip == null"), "true");
    assert_eq!(gives("10 / 0"), "", "divided by zero is null");
    let required =
        Expression::compile("10 / payment.amount", &scope(), &Type::Decimal { places_max: 28 });
    assert_eq!(required.unwrap_err().code, "MAY_BE_NULL");
}

#[test]
fn texts_lists_and_dates() {
    assert_eq!(gives("`Card ${upper(payment.brand)} ${payment.amount}`"), "Card VISA 1234.10");
    assert_eq!(gives("payment.brand in ['visa', 'amex'] ? 'card' : 'other'"), "card");
    assert_eq!(gives("len(payment.lines)"), "2");
    assert_eq!(gives("sum(map(payment.lines, #.amount))"), "8.00");
    assert_eq!(gives("some(payment.lines, #.document == 'IN2')"), "true");
    assert_eq!(gives("len(filter(payment.lines, #.amount > 4))"), "1");
    assert_eq!(gives("d(payment.on, 'UTC').add('6d')"), "2026-03-08T00:00:00Z");
    assert_eq!(gives("payment.amount in [1000..2000]"), "true");
    assert_eq!(gives("payment.brand == 'visa' and not (payment.amount < 5)"), "true");
}

#[test]
fn what_may_run_long_or_differ_each_time_is_refused() {
    for text in [
        "count([1..100000000], # > 5)",
        "map([1..9], # * 2)",
        "rand(5)",
        "d()",
        "date('2026-01-01')",
        "2 ^ 3",
        "$root",
        "{a: 1}",
        "d(payment.on, 'UTC').isToday()",
        "matches(payment.brand, payment.brand)",
    ] {
        assert_eq!(code(text), "EXPR_NOT_ALLOWED", "{text}");
    }
    assert_eq!(code(&"(".repeat(30)), "EXPR_TOO_DEEP");
    assert_eq!(code(&"-".repeat(1_000)), "EXPR_TOO_DEEP");
    assert_eq!(code(&"1 + ".repeat(600)), "EXPR_TOO_LONG");
}

#[test]
fn names_and_fields_are_known_or_a_near_one_is_told() {
    let unknown = Expression::infer("paymint.amount", &scope()).unwrap_err();
    assert_eq!(unknown.code, "NAME_UNKNOWN");
    assert!(unknown.message.contains("did you mean `payment`?"), "{unknown}");
    let field = Expression::infer("payment.amont", &scope()).unwrap_err();
    assert!(field.message.contains("did you mean `amount`?"), "{field}");
    assert_eq!(code("payment.amount.minor"), "FIELD_UNKNOWN");
    assert_eq!(code("uper(payment.brand)"), "EXPR_SYNTAX");
    assert_eq!(code("payment.amount +"), "EXPR_SYNTAX");
    assert_eq!(code(""), "EXPR_SYNTAX");
}

#[test]
fn a_text_of_the_program_is_one_of_the_choices() {
    let choices = Type::Choice(vec!["Receipt".to_owned(), "Prepayment".to_owned()]);
    let text = "len(payment.lines) > 0 ? 'Receipt' : 'Prepayment'";
    assert!(Expression::compile(text, &scope(), &choices).is_ok());
    let other = Expression::compile("'Refund'", &scope(), &choices);
    assert_eq!(other.unwrap_err().code, "TYPE_MISMATCH");
}

#[test]
fn expressions_are_shared_by_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Expression>();
}
