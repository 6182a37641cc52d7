use super::*;

#[test]
fn what_is_not_there_is_not_found() {
    let mut sim = sim();
    for tail in [
        "OE/OESOH",
        "IC/ICITEM",
        "OE/OEShipments",
        "IC/ICLocationDetails",
        "AR/OEOrders",
        "XX/ARCustomers",
        "AR/arcustomers",
        "//Sage300WebApi/v1.0/-/OTHER/AR/ARCustomers",
    ] {
        let expected = (404, "ResourceNotFound".to_owned());
        assert_eq!(refused(&mut sim, "GET", tail, ""), expected, "{tail}");
    }
    let answer = get(&mut sim, "//Sage300WebApi/V1.0/-/SAMLTD/AR/ARCustomers");
    assert_eq!(answer["value"], json!([]));
}

#[test]
fn verbs_not_offered_are_not_allowed() {
    let mut sim = sim();
    for (method, tail) in [
        ("PUT", "AR/ARInvoiceBatches(1)"),
        ("DELETE", "AR/ARReceiptAndAdjustmentBatches('CA',1)"),
        ("PATCH", "OE/OEOrders(1)"),
        ("PATCH", "BK/BKBankEntries(1)"),
        ("POST", "AR/ARPostedDocuments"),
        ("POST", "OE/OEInvoices"),
        ("POST", "AR/ARPostInvoices"),
        ("GET", "AR/ARPostInvoices"),
        ("GET", "AR/ARPostInvoices('x')"),
        ("PATCH", "AR/ARCustomers"),
        ("DELETE", "AR/ARCustomers"),
        ("OPTIONS", "AR/ARCustomers"),
        ("POST", "AR/$metadata"),
    ] {
        let expected = (405, "MethodNotAllowed".to_owned());
        assert_eq!(refused(&mut sim, method, tail, "{}"), expected, "{method} {tail}");
    }
}

#[test]
fn actions_are_process_and_template_only() {
    let mut sim = sim();
    for tail in ["AR/ARCustomers('1200')", "AR/ARCustomers('$process')", "AR/ARPostInvoices('$go')"]
    {
        let expected = (400, "InvalidAction".to_owned());
        assert_eq!(refused(&mut sim, "POST", tail, "{}"), expected, "{tail}");
    }
}

#[test]
fn malformed_keys_are_refused_for_every_verb() {
    let mut sim = sim();
    for (method, tail) in [
        ("GET", "AR/ARReceiptAndAdjustmentBatches(BatchNumber=65)"),
        ("PATCH", "AR/ARInvoiceBatches('65')"),
        ("PUT", "AR/ARCustomers('12"),
        ("DELETE", "AR/ARCustomers(Name='12')"),
        ("GET", "AR/ARCustomers('%FF')"),
    ] {
        let expected = (400, "InvalidEntityKey".to_owned());
        assert_eq!(refused(&mut sim, method, tail, "{}"), expected, "{method} {tail}");
    }
}

#[test]
fn credentials_are_compared_in_upper_case() {
    let mut sim = sim();
    let mut with = |authorization: Option<String>| {
        let mut request = request("GET", "AR/ARCustomers", "");
        request.headers.retain(|(name, _)| name != "authorization");
        request.headers.extend(authorization.map(|value| ("authorization".into(), value)));
        sim.handle(Timestamp::UNIX_EPOCH, &request).status
    };
    assert_eq!(with(Some(basic("webapi", "WebApi"))), 200);
    assert_eq!(with(Some(basic("WEBAPI", "WRONG"))), 401);
    assert_eq!(with(Some(basic("ADMIN", "ADMIN"))), 401);
    assert_eq!(with(Some("Bearer x".into())), 401);
    assert_eq!(with(Some("Basic ???".into())), 401);
    assert_eq!(with(None), 401);
}

#[test]
fn admin_is_refused_unless_allowed() {
    for (allow_admin, status) in [(false, 401), (true, 200)] {
        let users = vec![user("ADMIN", None, &[])];
        let config = Sage300Config { users, allow_admin, ..Sage300Config::default() };
        let mut sim = Sage300Sim::new(config, FakeCompany::default()).unwrap();
        let mut request = request("GET", "AR/ARCustomers", "");
        request.headers[1].1 = basic("admin", "admin");
        assert_eq!(sim.handle(Timestamp::UNIX_EPOCH, &request).status, status);
    }
}

#[test]
fn rights_are_per_module_and_per_record() {
    let users = vec![user("WEBAPI", Some(&["AR"]), &["ARPostInvoices"])];
    let config = Sage300Config { users, ..Sage300Config::default() };
    let mut sim = Sage300Sim::new(config, FakeCompany::default()).unwrap();
    get(&mut sim, "AR/ARCustomers");
    let forbidden = (403, "Forbidden".to_owned());
    assert_eq!(refused(&mut sim, "GET", "OE/OEOrders", ""), forbidden);
    assert_eq!(refused(&mut sim, "GET", "OE/$metadata", ""), forbidden);
    assert_eq!(refused(&mut sim, "POST", "AR/ARPostInvoices('$process')", "{}"), forbidden);
}

#[test]
fn a_request_without_its_content_type_fails() {
    let mut sim = sim();
    for (content_type, status) in
        [(None, 500), (Some("text/plain"), 500), (Some("application/json; charset=utf-8"), 200)]
    {
        let mut request = request("GET", "AR/ARCustomers", "");
        request.headers.retain(|(name, _)| name != "content-type");
        request.headers.extend(content_type.map(|v| ("content-type".into(), v.into())));
        let reply = sim.handle(Timestamp::UNIX_EPOCH, &request);
        assert_eq!(reply.status, status, "{content_type:?}");
        if status == 500 {
            assert_eq!(body(&reply)["error"]["code"], "InternalServerError");
        }
    }
}

#[test]
fn payloads_that_do_not_fit_the_model_are_invalid() {
    let mut sim = sim();
    let receipts = "AR/ARReceiptAndAdjustmentBatches";
    for (tail, payload) in [
        (receipts, ""),
        (receipts, "[]"),
        (receipts, "{\"BatchDate\":"),
        (receipts, r#"{"Nonsense":1}"#),
        (receipts, r#"{"ReceiptsAdjustments":[{"TransactionAmount":1}]}"#),
        (receipts, r#"{"ReceiptsAdjustments":[{"AppliedReceiptsAdjustments":[{"X":1}]}]}"#),
        (receipts, r#"{"ReceiptsAdjustments":{}}"#),
        (receipts, r#"{"ReceiptsAdjustments":[1]}"#),
        (receipts, r#"{"ReceiptsAdjustments":[{"BankReceiptAmount":"125.5"}]}"#),
        (receipts, r#"{"ReceiptsAdjustments":[{"ReceiptTransactionType":"MiscReceipt"}]}"#),
        (receipts, r#"{"BatchNumber":1.5}"#),
        (receipts, r#"{"BatchNumber":null}"#),
        (receipts, r#"{"BatchDate":"02/03/2026"}"#),
        (receipts, r#"{"BatchDate":20260302}"#),
        (receipts, r#"{"Description":5}"#),
        ("AR/ARCustomers", r#"{"OnHold":true}"#),
        ("OE/OEOrders", r#"{"OnHold":"Yes"}"#),
    ] {
        let expected = (400, "InvalidPayload".to_owned());
        assert_eq!(refused(&mut sim, "POST", tail, payload), expected, "{payload}");
    }
    assert!(sim.company().calls.borrow().is_empty());
}

#[test]
fn values_too_large_for_their_field_are_invalid_fields() {
    let mut sim = sim();
    for (tail, payload) in [
        ("AR/ARCustomers", r#"{"CustomerNumber":"1234567890123"}"#),
        ("AR/ARInvoiceBatches", r#"{"BatchNumber":3000000000}"#),
        ("AR/ARInvoiceBatches", r#"{"BatchTotal":10000000000000000}"#),
    ] {
        let expected = (409, "FieldInvalid".to_owned());
        assert_eq!(refused(&mut sim, "POST", tail, payload), expected, "{payload}");
    }
}
