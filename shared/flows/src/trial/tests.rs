use super::*;
use crate::bindings::Bindings;
use crate::problem::Problem;
use crate::shipped;

struct Shipped {
    documents: Documents,
    samples: BTreeMap<String, Sample>,
    program: Arc<Program>,
}

fn shipped() -> Shipped {
    compiled(&shipped::files()).unwrap_or_else(|problems| panic!("{}", lines(&problems)))
}

fn lines(problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

fn compiled(files: &BTreeMap<String, String>) -> Result<Shipped, Vec<Problem>> {
    let (mut documents, mut samples) = (Documents::new(), BTreeMap::new());
    for (path, text) in files {
        let (kind, id) = path.strip_suffix(".yaml").unwrap().split_once('/').unwrap();
        let document = match kind {
            "flows" => Document::Flow(serde_saphyr::from_str(text).unwrap()),
            "maps" => Document::Map(serde_saphyr::from_str(text).unwrap()),
            "tables" => Document::Table(serde_saphyr::from_str(text).unwrap()),
            "checks" => Document::Check(serde_saphyr::from_str(text).unwrap()),
            _ => {
                samples.insert(id.to_owned(), Sample::read(text).unwrap());
                continue;
            }
        };
        documents.insert((document.head().kind, id.to_owned()), document);
    }
    let program = Arc::new(Program::compile(&documents)?);
    Ok(Shipped { documents, samples, program })
}

#[test]
fn every_shipped_sample_decides_what_it_says() {
    let Shipped { documents, samples, program } = shipped();
    let trial = Trial { documents: &documents, program, samples: &samples };
    let mut wrong = Vec::new();
    for id in samples.keys() {
        match trial.check(id) {
            Ok(differences) if differences.is_empty() => {}
            Ok(differences) => wrong.push(format!("{id}: {}", differences.join("\n    "))),
            Err(error) => wrong.push(format!("{id}: cannot be run: {error}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_sample_that_expects_something_else_is_told_what_came_out() {
    let Shipped { documents, mut samples, program } = shipped();
    let own = samples.get_mut("two-invoices").unwrap();
    own.expect.effects[0].fields.insert("PaymentCode".to_owned(), "CASH".into());
    own.expect.emits.clear();
    let unknown = samples.get_mut("payer-unknown").unwrap();
    unknown.expect.holds[0].reason = "customer_ambiguous".to_owned();
    let trial = Trial { documents: &documents, program, samples: &samples };
    let told = trial.check("two-invoices").unwrap();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("sage300.receipt.PaymentCode: `CASH` wanted, `CCARD` there"));
    assert!(told[1].contains("emits: nothing wanted, storefront.status there"));
    let told = trial.check("payer-unknown").unwrap().join("\n");
    assert!(told.contains("sage300.receipt: customer_ambiguous wanted"), "{told}");
    assert!(told.contains("step customer"), "{told}");
}

#[test]
fn a_sample_that_says_too_little_or_too_much_is_refused() {
    let Shipped { documents, mut samples, program } = shipped();
    let own = samples.get_mut("two-invoices").unwrap();
    own.answers.remove("period");
    own.given.insert("weather".to_owned(), "fine".into());
    samples.get_mut("prepayment").unwrap().like = Some("prepayment".to_owned());
    let mut trial = Trial { documents: &documents, program, samples: &samples };
    assert!(trial.check("two-invoices").unwrap_err().contains("given.weather"));
    assert!(trial.check("unapplied-cash").unwrap_err().contains("answers.period"));
    assert!(trial.check("prepayment").unwrap_err().contains("like each other"));
    assert!(trial.check("nowhere").unwrap_err().contains("no sample `nowhere`"));
    let mut odd = samples.clone();
    odd.get_mut("two-invoices").unwrap().given.remove("weather");
    odd.get_mut("payer-unknown").unwrap().flow = Some("nothing".to_owned());
    trial.samples = &odd;
    assert!(trial.check("payer-unknown").unwrap_err().contains("no flow `nothing`"));
}

/// The documents of the page, in its order.
fn page() -> Vec<String> {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/adding-a-flow.md");
    let page = std::fs::read_to_string(page).unwrap();
    let blocks = page.split("```yaml\n").skip(1);
    blocks.map(|block| block.split("```").next().unwrap().to_owned()).collect()
}

fn changed(files: &mut BTreeMap<String, String>, path: &str, from: &str, to: &str) {
    let text = files.get_mut(path).unwrap();
    assert!(text.contains(from), "{path} has no `{from}`");
    *text = text.replace(from, to);
}

#[test]
fn what_the_page_for_newcomers_says_is_so() {
    let [payer, payer_sample, row, order, flow, flow_sample, approve, env] =
        <[String; 8]>::try_from(page()).unwrap();
    let mut files = shipped::files();
    let map = "maps/payment-to-receipt.yaml";
    changed(&mut files, map, "each:\n", &format!("{payer}each:\n"));
    let mut mistyped = files.clone();
    changed(&mut mistyped, map, "Payer:", "Payr:");
    let Err(problems) = compiled(&mistyped) else { panic!("`Payr` is a field") };
    let page = "there is no field `Payr`; did you mean `Payer`? [FIELD_UNKNOWN]";
    assert!(lines(&problems).contains(page), "{}", lines(&problems));

    let codes = "tables/payment-codes.yaml";
    let amex = files[codes].split("  - id: ").find(|row| row.starts_with("amex")).unwrap();
    let amex = format!("  - id: {amex}");
    changed(&mut files, codes, &amex, &row);
    let posting = "flows/payment-posting.yaml";
    changed(&mut files, posting, "order: merchant.unnamed", order.trim());
    files.insert("flows/large-payments.yaml".into(), flow);
    files.insert("samples/receipt-with-payer.yaml".into(), payer_sample);
    files.insert("samples/large-payment.yaml".into(), flow_sample);
    let before = compiled(&files).unwrap_or_else(|problems| panic!("{}", lines(&problems)));
    let Shipped { documents, samples, program } = before;
    let trial = Trial { documents: &documents, program, samples: &samples };
    for id in ["receipt-with-payer", "large-payment", "two-invoices"] {
        assert_eq!(trial.check(id), Ok(Vec::new()), "{id}");
    }
    let told = trial.check("place-of-another-brand").unwrap();
    assert_eq!(told, ["payment_code: `AMEX` wanted, `AMEXUS` there"]);

    changed(&mut files, posting, "  - id: receipt\n", &format!("{approve}  - id: receipt\n"));
    let large = "samples/large-payment.yaml";
    changed(&mut files, large, "flow: large-payments", "flow: payment-posting");
    let after = compiled(&files).unwrap_or_else(|problems| panic!("{}", lines(&problems)));
    let Shipped { documents, samples, program } = after;
    let trial = Trial { documents: &documents, program, samples: &samples };
    let told = trial.check("large-payment").unwrap().join("; ");
    assert!(told.contains("sage300.receipt: held_by_person there"), "{told}");

    files.insert("env/dev.yaml".into(), env);
    let bound: Bindings = serde_saphyr::from_str(&files["env/dev.yaml"]).unwrap();
    assert_eq!(bound.approvals(), 2);
    let main = Value::Object(bound.of("main"));
    assert_eq!(main.at("accounts.fees").text(), Some("6115"));
}
