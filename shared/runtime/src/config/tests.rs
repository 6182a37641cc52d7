use super::*;

fn refusal(text: &str) -> String {
    Config::parse(text).expect_err("the configuration should have been refused").to_string()
}

fn edited(from: &str, to: &str) -> String {
    let text = Config::example();
    assert!(text.contains(from), "the example has no `{from}`");
    text.replacen(from, to, 1)
}

#[test]
fn the_example_is_valid_and_becomes_a_merchant() {
    let config = Config::parse(Config::example()).unwrap();
    let merchant = config.merchant(&"main".into()).unwrap();
    assert_eq!(merchant.company.as_str(), "SAMLTD");
    assert_eq!(merchant.payment_codes["amex"], "AMEX");
    assert_eq!(merchant.payment_codes["default"], "CCARD");
    assert!(matches!(merchant.new_customer, domain::merchant::NewCustomer::Create { .. }));
    assert_eq!(merchant.zone, "America/Los_Angeles");
    assert!(config.merchant(&"other".into()).is_none());
    assert_eq!(config.domain_merchants().len(), 1);
}

#[test]
fn the_least_configuration_takes_the_defaults() {
    let config = Config::parse(LEAST).unwrap();
    assert_eq!(config.listen, "127.0.0.1:4300");
    assert_eq!(config.posting, Posting::default());
    assert_eq!(config.polling.overlap_hours, 36);
    assert_eq!(config.companies["SAMLTD"].page_size, 100);
    assert_eq!(config.merchants["main"].new_customer, NewCustomer::Hold);
    let part = Config::parse(&format!("{LEAST}posting: {{linger_ms: 0}}\n")).unwrap();
    assert_eq!(part.posting, Posting { linger_ms: 0, ..Posting::default() });
}

#[test]
fn unknown_keys_are_refused_with_the_nearest_name_and_place() {
    let text = format!("{LEAST}posting:\n  linger_msec: 5\n");
    let line = text.lines().count();
    assert_eq!(
        refusal(&text),
        format!("line {line}, column 3: unknown key `linger_msec`: did you mean `linger_ms`?")
    );
    let said = refusal(&format!("{LEAST}zebra: 1\n"));
    assert!(said.contains("unknown key `zebra`: use one of listen, store"), "{said}");
    let said = refusal(&edited("closed_period: roll", "closed_period: rol"));
    assert!(said.contains("unknown value `rol`: did you mean `roll`?"), "{said}");
}

#[test]
fn syntax_errors_say_what_to_do() {
    let said = refusal(&format!("{LEAST}store: {{path: b}}\n"));
    assert!(said.contains("`store` is given twice: remove one of them"), "{said}");
    let said = refusal(&edited("    bank: CCB\n", ""));
    assert!(said.contains("add the key `bank`"), "{said}");
    let said = refusal(&format!("{LEAST}posting: {{seal_max: many}}\n"));
    assert!(said.starts_with("line ") && said.contains("give a value of type"), "{said}");
    let said = refusal("listen: [");
    assert!(said.contains("correct the YAML here"), "{said}");
    assert!(!said.contains('\n'), "one sentence: {said}");
    let said = refusal(&"#".repeat(CONFIG_BYTES_MAX + 1));
    assert!(said.contains("keep the configuration under"), "{said}");
}

#[test]
fn every_contradiction_is_listed_at_once() {
    let text = LEAST
        .replace("https://sage.example.com", "http://sage.example.com")
        .replace("company: SAMLTD", "company: samltd")
        .replace("currency: CAD", "currency: cad")
        .replace("bank: CCB", "bank: ''")
        .replace("integrator_id: x", "integrator_id: x, zone: Mars/Olympus");
    let text = format!("{text}listen: here\nposting: {{seal_max: 100}}\n");
    let said = refusal(&text);
    for expected in [
        "companies.SAMLTD.url: use https",
        "merchants.main.company: unknown name `samltd`: did you mean `SAMLTD`?",
        "merchants.main.currency: `cad` is not a currency",
        "merchants.main.bank: give a value",
        "merchants.main.paytrace.zone: give an IANA time zone",
        "listen: give address and port",
        "posting.seal_max: give a number from 1 to 99, not 100",
    ] {
        assert!(said.contains(expected), "`{expected}` is missing in:\n{said}");
    }
    assert_eq!(said.lines().count(), 7, "{said}");
}

#[test]
fn two_merchants_on_one_company_must_be_declared() {
    let second = "  second:\n    company: SAMLTD\n    paytrace: {username: v, integrator_id: x, \
                  password: {env: P}}\n    currency: CAD\n    bank: CCB\n    \
                  payment_codes: {default: CCARD}\n";
    let text = format!("{LEAST}{second}");
    let said = refusal(&text);
    assert!(said.contains("companies.SAMLTD: the merchants main, second post"), "{said}");
    let declared = text.replace("user: ADMIN", "shared_by_merchants: true, user: ADMIN");
    assert_eq!(Config::parse(&declared).unwrap().merchants.len(), 2);
    let same = refusal(&declared.replace("username: v", "username: U"));
    assert!(same.contains("merchants.second.paytrace.username: use another"), "{same}");
}

#[test]
fn addresses_are_checked() {
    for (url, said) in [
        ("sage.example.com", "give a whole address"),
        ("ftp://sage.example.com", "begins with https"),
        ("https://user:pw@sage.example.com", "leave user and password out"),
        ("https://sage.example.com/?a=b", "leave query"),
        ("https://", "give a host"),
        ("https://sage.example.com:99999/x", "give a host"),
        ("http://127.0.0.1.example.com/x", "use https"),
        ("http://localhost.example.com/x", "use https"),
    ] {
        let text = LEAST.replace("https://sage.example.com/v1.0/-", url);
        assert!(refusal(&text).contains(said), "{url}");
    }
    for url in ["http://127.0.0.1:8080/x", "http://[::1]:80", "http://localhost/x"] {
        let text = LEAST.replace("https://sage.example.com/v1.0/-", &format!("'{url}'"));
        assert!(Config::parse(&text).is_ok(), "{url}");
    }
}

#[test]
fn webhooks_must_be_able_to_refuse() {
    let hook = "webhooks: {relay: {merchant: mian, scheme: timestamped_hmac, secrets: [], \
                tolerance_seconds: 301, event_id_pointers: [id]}}\n";
    let said = refusal(&format!("{LEAST}{hook}"));
    for expected in [
        "webhooks.relay.merchant: unknown name `mian`: did you mean `main`?",
        "webhooks.relay.secrets: add a secret",
        "webhooks.relay.tolerance_seconds: give a number from 1 to 300",
        "webhooks.relay.signature_header: name the header",
        "webhooks.relay.timestamp_header: name the header",
        "webhooks.relay.event_id_pointers: begin the JSON pointer",
        "webhooks.relay.transaction_pointers: say where",
    ] {
        assert!(said.contains(expected), "`{expected}` is missing in:\n{said}");
    }
}

#[test]
fn nothing_to_post_is_refused() {
    let said = refusal("store: {path: a}\ncompanies: {}\nmerchants: {}\n");
    assert!(said.contains("companies: describe at least one"), "{said}");
    assert!(said.contains("merchants: describe at least one"), "{said}");
}

const LEAST: &str = "\
store: {path: paysage.sqlite}
companies:
  SAMLTD: {url: https://sage.example.com/v1.0/-, user: ADMIN, password: {env: S}}
merchants:
  main:
    company: SAMLTD
    paytrace: {username: u, integrator_id: x, password: {env: P}}
    currency: CAD
    bank: CCB
    payment_codes: {default: CCARD}
";
