use super::*;
use crate::shipped;

struct Shipped {
    documents: Documents,
    samples: BTreeMap<String, Sample>,
    program: Arc<Program>,
}

fn shipped() -> Shipped {
    let (mut documents, mut samples) = (Documents::new(), BTreeMap::new());
    for (path, text) in shipped::files() {
        let (kind, id) = path.strip_suffix(".yaml").unwrap().split_once('/').unwrap();
        let document = match kind {
            "flows" => Document::Flow(serde_saphyr::from_str(&text).unwrap()),
            "maps" => Document::Map(serde_saphyr::from_str(&text).unwrap()),
            "tables" => Document::Table(serde_saphyr::from_str(&text).unwrap()),
            "checks" => Document::Check(serde_saphyr::from_str(&text).unwrap()),
            _ => {
                samples.insert(id.to_owned(), Sample::read(&text).unwrap());
                continue;
            }
        };
        documents.insert((document.head().kind, id.to_owned()), document);
    }
    let program = Program::compile(&documents).unwrap_or_else(|problems| {
        panic!("{}", listed(&problems).replace("; ", "\n"));
    });
    Shipped { documents, samples, program: Arc::new(program) }
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
