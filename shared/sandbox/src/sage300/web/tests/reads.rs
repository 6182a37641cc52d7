use super::*;

#[test]
fn filters_select_as_odata_says() {
    let mut sim = with_documents();
    for (filter, expected) in [
        ("CustomerNumber eq '1200'", "IN1 IN2 PP1"),
        ("'1200' eq CustomerNumber", "IN1 IN2 PP1"),
        ("CustomerNumber eq '1200' and FullyPaid eq 'No' and DocumentType eq 'Invoice'", "IN1"),
        ("FullyPaid eq '0' and DocumentType eq '1'", "IN1 IN3"),
        ("DocumentType ne 'Invoice'", "PP1 CN1 UC9"),
        ("DocumentType gt '5'", "PP1"),
        ("CustomerCurrencyAmountDue gt 125.50", "IN3"),
        ("CustomerCurrencyAmountDue ge 125.50m", "IN1 IN3"),
        ("CustomerCurrencyAmountDue eq -20", "PP1"),
        ("CustomerCurrencyAmountDue lt 0 and not (DocumentType eq 'CreditNote')", "PP1 UC9"),
        ("DocumentDate ge 2026-02-02T00:00:00Z", "IN3 CN1 UC9"),
        ("DocumentDate le 2026-01-05T00:00:00.000Z", "IN1"),
        ("DatePaid eq null and DocumentNumber ne 'IN1'", "IN2 PP1 IN3 CN1 UC9"),
        ("DatePaid gt 2026-01-01T00:00:00Z", ""),
        ("substringof('N', DocumentNumber)", "IN1 IN2 IN3 CN1"),
        ("startswith(DocumentNumber,'IN') eq true", "IN1 IN2 IN3"),
        ("not startswith(DocumentNumber,'IN') and (FullyPaid eq 'No') ne false", "PP1 CN1 UC9"),
        ("contains(DocumentNumber,'C')", "CN1 UC9"),
        ("endswith(DocumentNumber,'1') or startswith(DocumentNumber,'UC')", "IN1 PP1 CN1 UC9"),
        ("length(CustomerNumber) gt 4", "UC9"),
        ("DocumentNumber eq 'IN1' or DocumentNumber eq 'IN2' and FullyPaid eq 'No'", "IN1"),
        ("(DocumentNumber eq 'IN1' or DocumentNumber eq 'IN2') and FullyPaid eq 'Yes'", "IN2"),
        ("not not (DocumentNumber eq 'IN1')", "IN1"),
        ("CustomerNumber eq '''  or 1 eq 1'", ""),
        ("CustomerNumber eq ''' or 1 eq 1'", "UC9"),
        ("true", "IN1 IN2 PP1 IN3 CN1 UC9"),
    ] {
        let tail = format!("AR/ARPostedDocuments?$filter={filter}");
        let reply = ask(&mut sim, "GET", &tail, "");
        assert_eq!(reply.status, 200, "{filter}: {}", String::from_utf8_lossy(&reply.body));
        assert_eq!(numbers(&body(&reply)).join(" "), expected, "{filter}");
    }
}

#[test]
fn malformed_filters_are_invalid_parameters() {
    let mut sim = with_documents();
    for filter in [
        "",
        "CustomerNumber",
        "CustomerNumber eq",
        "CustomerNumber eq 1200",
        "CustomerNumber eq '1200",
        "CustomerNumber eq '1200')",
        "(CustomerNumber eq '1200'",
        "CustomerNumber equals '1200'",
        "DocumentType eq 'Bill'",
        "DocumentDate gt datetime'2015-12-31T12:00'",
        "DocumentDate gt '2026-01-01T00:00:00Z'",
        "CustomerCurrencyAmountDue gt '5'",
        "CustomerCurrencyAmountDue gt 1.2.3",
        "toupper(CustomerNumber) eq 'A'",
        "length(BatchNumber) gt 1",
        "(CustomerNumber eq '1') eq 'true'",
        "not CustomerNumber eq '1'",
        "Lxxxx eq 1",
    ] {
        let tail = format!("AR/ARPostedDocuments?$filter={filter}");
        let expected = (400, "InvalidParameters".to_owned());
        assert_eq!(refused(&mut sim, "GET", &tail, ""), expected, "{filter}");
    }
    let deep = format!("AR/ARPostedDocuments?$filter={}true", "(".repeat(5_000));
    assert_eq!(refused(&mut sim, "GET", &deep, "").1, "InvalidParameters");
}

#[test]
fn an_unknown_property_is_named_with_its_type() {
    let mut sim = sim();
    for option in ["$filter=Lxxxx eq '1'", "$select=Lxxxx", "$orderby=Lxxxx desc"] {
        let reply = ask(&mut sim, "GET", &format!("AR/ARPostedDocuments?{option}"), "");
        assert_eq!(
            body(&reply)["error"]["message"]["value"],
            "Could not find a property named 'Lxxxx' on type \
             'Sage.CA.SBS.ERP.Sage300.AR.WebApi.Models.PostedDocument'."
        );
    }
}

#[test]
fn bounds_reach_the_books_as_stored_values() {
    let mut sim = with_documents();
    let equal = "CustomerNumber eq '1200' and (BatchNumber eq 75.0 and FullyPaid eq '0') \
                 and (DocumentType eq 'Invoice' or DocumentType eq 'Interest')";
    let above = "DocumentDate ge 2026-01-01T00:00:00Z and 70 lt BatchNumber and EntryNumber lt 3";
    for filter in [equal, above] {
        get(&mut sim, &format!("AR/ARPostedDocuments?$filter={filter}"));
    }
    assert_eq!(
        sim.company().calls.borrow().as_slice(),
        [
            concat!(
                r#"ARPostedDocuments {"BatchNumber":75,"CustomerNumber":"1200","#,
                r#""FullyPaid":"No"} from {} for all"#
            ),
            concat!(
                r#"ARPostedDocuments {} from {"BatchNumber":70,"#,
                r#""DocumentDate":"2026-01-01T00:00:00Z"} for all"#
            ),
        ]
    );
}

#[test]
fn a_collection_has_the_recorded_shape() {
    let mut sim = with_documents();
    let query = "$select=DocumentDate,DocumentNumber&$count=true&$top=1";
    let reply = ask(&mut sim, "GET", &format!("AR/ARPostedDocuments?{query}"), "");
    let expected = concat!(
        r#"{"@odata.context":"http://erp.example/Sage300WebApi/v1.0/-/SAMLTD/AR/$metadata"#,
        r##"#ARPostedDocuments(DocumentDate,DocumentNumber)","@odata.count":6,"##,
        r#""value":[{"DocumentDate":"2026-01-05T00:00:00Z","DocumentNumber":"IN1"}]}"#
    );
    assert_eq!(String::from_utf8(reply.body).unwrap(), expected);
}

#[test]
fn pages_end_with_a_link_that_carries_only_the_skip() {
    let config = Sage300Config { page_size: 2, ..Sage300Config::default() };
    let rows = with_documents().company_mut().rows.clone();
    let company = FakeCompany { rows, ..FakeCompany::default() };
    let mut sim = Sage300Sim::new(config, company).unwrap();
    let link = |skip: usize| {
        let at = "http://erp.example/Sage300WebApi/v1.0/-/SAMLTD/AR/ARPostedDocuments";
        json!(format!("{at}?$skip={skip}"))
    };
    for (query, expected, next) in [
        ("$filter=CustomerNumber ne '1200'", "IN3 CN1", link(2)),
        ("$filter=CustomerNumber ne '1200'&$skip=2", "UC9", Value::Null),
        ("$skip=1", "IN2 PP1", link(3)),
        ("$skip=4", "CN1 UC9", Value::Null),
        ("$skip=9", "", Value::Null),
        ("$top=2", "IN1 IN2", Value::Null),
        ("$top=3", "IN1 IN2", link(2)),
        ("$top=0", "", Value::Null),
        ("$orderby=CustomerCurrencyAmountDue desc", "IN3 IN1", link(2)),
        ("$orderby=CustomerNumber desc,DocumentDate asc&$top=2", "IN3 CN1", Value::Null),
        ("$orderby=DocumentType desc,DocumentNumber&$top=2", "PP1 UC9", Value::Null),
    ] {
        let answer = get(&mut sim, &format!("AR/ARPostedDocuments?{query}"));
        assert_eq!(numbers(&answer).join(" "), expected, "{query}");
        assert_eq!(answer.get("@odata.nextLink").unwrap_or(&Value::Null), &next, "{query}");
    }
}

#[test]
fn options_are_known_and_given_once() {
    let mut sim = sim();
    for query in [
        "$top=1&$top=2",
        "$top=-1",
        "$skip=x",
        "$count=yes",
        "$expand=Invoices",
        "$Top=1",
        "filter=x",
        "$orderby=Invoices",
        "$orderby=BatchNumber down",
        "$select=",
        "$filter=%FF",
    ] {
        let tail = format!("AR/ARInvoiceBatches?{query}");
        let expected = (400, "InvalidParameters".to_owned());
        assert_eq!(refused(&mut sim, "GET", &tail, ""), expected, "{query}");
    }
    let tail = "AR/ARCustomers('1200')?$top=1";
    assert_eq!(refused(&mut sim, "GET", tail, "").1, "InvalidParameters");
}

#[test]
fn a_single_record_is_whole_and_unwrapped() {
    let mut sim = sim();
    sim.company_mut().add("ARCustomers", json!({"CustomerNumber": "1200", "Status": "Active"}));
    let answer = get(&mut sim, "AR/ARCustomers('1200')");
    let context = "http://erp.example/Sage300WebApi/v1.0/-/SAMLTD/AR/$metadata#ARCustomers/$entity";
    assert_eq!(answer["@odata.context"], context);
    assert_eq!(answer["InactiveDate"], Value::Null);
    assert_eq!(answer["OnHold"], "No");
    assert_eq!(answer["CustomerOptionalFieldValues"], json!([]));
    let answer = get(&mut sim, "AR/ARCustomers(CustomerNumber = 1200)?$select=Status");
    assert_eq!(answer.as_object().unwrap().len(), 2);
    assert_eq!(refused(&mut sim, "GET", "AR/ARCustomers('1')", ""), (404, "RecordNotFound".into()));
}

#[test]
fn batches_are_searched_without_their_details() {
    let mut sim = sim();
    for number in 1..=3 {
        let line = json!({"EntryNumber": 1, "CustomerNumber": "1400"});
        let row = json!({"BatchNumber": number, "BatchStatus": "Open", "Invoices": [line]});
        sim.company_mut().add("ARInvoiceBatches", row);
    }
    let answer = get(&mut sim, "AR/ARInvoiceBatches?$filter=BatchNumber gt 2");
    let rows = answer["value"].as_array().unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["Invoices"][0]["CustomerNumber"], "1400");
    assert_eq!(rows[0]["Invoices"][0]["UpdateOperation"], "Unspecified");
    let options = "$filter=BatchStatus eq 'Open'&$select=Invoices&$top=1";
    let answer = get(&mut sim, &format!("AR/ARInvoiceBatches?{options}"));
    assert_eq!(answer["value"][0]["Invoices"][0]["EntryNumber"], 1);
    assert_eq!(
        sim.company().calls.borrow().as_slice(),
        [
            r#"ARInvoiceBatches {} from {"BatchNumber":2} for ["BatchNumber"]"#,
            r#"ARInvoiceBatches {"BatchStatus":"Open"} from {} for ["BatchStatus","Invoices"]"#,
        ]
    );
}

#[test]
fn metadata_template_and_landing_page() {
    let mut sim = sim();
    let reply = ask(&mut sim, "GET", "AR/$metadata", "");
    assert_eq!(reply.status, 200);
    let xml = String::from_utf8(reply.body).unwrap();
    assert!(xml.contains("<EntitySet Name=\"ARPostedReceipts\""));
    assert!(!xml.contains("OEOrders"));
    let reply = ask(&mut sim, "POST", "AR/ARPostInvoices('$template')", "");
    assert_eq!(reply.status, 200);
    assert_eq!(body(&reply)["PostAllBatches"], "Donotpostallbatches");
    let reply = ask(&mut sim, "POST", "AR/ARPostedDocuments('$template')", "");
    assert_eq!(body(&reply)["FullyPaid"], "No");
    for (path, status) in [("//Sage300WebApi", 200), ("//elsewhere", 404)] {
        let reply = ask(&mut sim, "GET", path, "");
        assert_eq!(reply.status, status, "{path}");
        assert!(String::from_utf8(reply.body).unwrap().starts_with("<!DOCTYPE html>"));
    }
}

#[test]
fn partner_endpoints_are_served_when_configured() {
    let config: Sage300Config = serde_json::from_value(json!({
        "aliases": {"OE/OESOH": "OEOrders", "IC/ICITEM": "ICItems"},
        "partner_quantities": true,
    }))
    .unwrap();
    let mut sim = Sage300Sim::new(config, FakeCompany::default()).unwrap();
    sim.company_mut().add("OEOrders", json!({"OrderUniquifier": 7, "OrderNumber": "ORD7"}));
    let answer = get(&mut sim, "OE/OESOH(7)");
    assert_eq!(answer["OrderNumber"], "ORD7");
    assert!(answer["@odata.context"].as_str().unwrap().ends_with("$metadata#OESOH/$entity"));
    assert_eq!(get(&mut sim, "IC/ICITEM")["value"], json!([]));
    assert_eq!(get(&mut sim, "IC/ICLocationDetails")["value"], json!([]));
    for aliases in [json!({"OESOH": "OEOrders"}), json!({"OE/X": "OEShipments"})] {
        let config = serde_json::from_value(json!({"aliases": aliases})).unwrap();
        assert!(Sage300Sim::new(config, FakeCompany::default()).is_err());
    }
}

#[test]
fn every_cut_of_a_request_is_answered() {
    let mut sim = with_documents();
    let filter = "not (startswith(CustomerNumber,'1') and length(PONumber) ge 0) or \
                  DocumentDate lt 2026-12-31T00:00:00.000Z and 'é''' ne OrderNumber";
    for at in (0..filter.len()).filter(|at| filter.is_char_boundary(*at)) {
        for part in [&filter[..at], &filter[at..]] {
            let tail = format!("AR/ARPostedDocuments?$filter={part}&$top=1");
            let status = ask(&mut sim, "GET", &tail, "").status;
            assert!(matches!(status, 200 | 400), "{part}: {status}");
        }
    }
    let path = "/Sage300WebApi/v1.0/-/SAMLTD/AR/ARReceiptAndAdjustmentBatches\
                (BatchRecordType%20=%20'C%C3%A9''A',BatchNumber=65)";
    for at in 0..path.len() {
        let mut request = request("GET", "", "");
        request.path = path[..at].to_owned();
        let status = sim.handle(Timestamp::UNIX_EPOCH, &request).status;
        assert!(matches!(status, 200 | 400 | 404), "{}: {status}", request.path);
    }
}
