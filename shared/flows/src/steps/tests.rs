use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;

fn plan(text: &str) -> Result<Plan, String> {
    let step: StepOfField = serde_saphyr::from_str(text).unwrap();
    Plan::compile(&step)
}

fn taken(text: &str, value: impl Into<Value>) -> Result<String, String> {
    let taken = plan(text)?.apply(value.into());
    taken.map(|value| value.to_string()).map_err(|refusal| refusal.to_string())
}

fn text(step: &str, value: &str) -> String {
    taken(step, value).unwrap()
}

#[test]
fn on_text() {
    assert_eq!(text("{step: copy}", " a "), " a ");
    assert_eq!(text("{step: constant, with: x}", "a"), "x");
    assert_eq!(text("{step: default_if_empty, with: x}", "  "), "x");
    assert_eq!(text("{step: default_if_empty, with: x}", "a"), "a");
    assert_eq!(text("{step: trim}", " a b "), "a b");
    assert_eq!(text("{step: upper}", "straße"), "STRASSE");
    assert_eq!(text("{step: lower}", "ÉA"), "éa");
    assert_eq!(text("{step: cut, len: 3}", "äbcdé"), "äbc");
    assert!(taken("{step: cut, len: 3, on_overflow: error}", "abcd").unwrap_err().contains("4"));
    assert_eq!(text("{step: pad, len: 5, with: '0'}", "42"), "00042");
    assert_eq!(text("{step: pad, len: 4, side: right}", "ab"), "ab  ");
    assert_eq!(text("{step: replace, find: '-', with: ''}", "1-2-3"), "123");
    assert_eq!(text("{step: keep_digits}", "(602) 555"), "602555");
    assert_eq!(text("{step: split_pick, with: ',', at: 2}", "a, b ,c"), "b");
    assert_eq!(text("{step: split_pick, with: ',', at: 9}", "a"), "");
    assert_eq!(text("{step: template, format: 'Card {}'}", "1111"), "Card 1111");
    assert_eq!(text("{step: mask, len: 4}", "512300417"), "*****0417");
    let list = Value::List(vec!["a".into(), "b".into()]);
    assert_eq!(taken("{step: join, with: '; '}", list).unwrap(), "a; b");
    assert_eq!(taken("{step: yes_no, yes: Y, no: N}", Value::Bool(true)).unwrap(), "Y");
    assert_eq!(taken("{step: trim}", Value::Null).unwrap(), "");
}

#[test]
fn on_numbers() {
    let number = |text: &str| text.parse::<Decimal>().unwrap();
    assert_eq!(taken("{step: round, scale: 2}", number("35.7889")).unwrap(), "35.79");
    assert_eq!(taken("{step: round, scale: 2}", number("-0.125")).unwrap(), "-0.13");
    assert_eq!(taken("{step: round, scale: 2, mode: half_even}", number("0.125")).unwrap(), "0.12");
    assert_eq!(taken("{step: round, scale: 0, mode: up}", number("1.1")).unwrap(), "2");
    assert_eq!(taken("{step: round, scale: 1, mode: down}", number("1.19")).unwrap(), "1.1");
    assert_eq!(taken("{step: negate}", number("5.10")).unwrap(), "-5.10");
    assert_eq!(taken("{step: abs}", number("-5.10")).unwrap(), "5.10");
    let thirds = "{step: allocate, weights: '1,1,1'}";
    assert_eq!(taken(thirds, number("100.00")).unwrap(), "[33.34, 33.33, 33.33]");
    assert_eq!(taken(thirds, number("-100.00")).unwrap(), "[-33.33, -33.33, -33.34]");
    assert!(taken(thirds, number("0.001")).is_err(), "a place that cannot be given to anybody");
    assert_eq!(text("{step: number_from_text}", "$1,234.50"), "1234.50");
    assert!(taken("{step: number_from_text}", "1,234").is_err(), "it may be read two ways");
    assert_eq!(taken("{step: pad, len: 3, with: '0'}", number("7")).unwrap(), "007");
}

#[test]
fn on_dates_and_doubtful_values() {
    let date = || Value::Date("2026-03-02".parse().unwrap());
    let late = || Value::Time("2026-03-03T03:10:00Z".parse().unwrap());
    assert_eq!(taken("{step: date_format, format: '%m/%d/%Y'}", date()).unwrap(), "03/02/2026");
    assert_eq!(
        taken("{step: date_in_zone, zone: America/Los_Angeles}", late()).unwrap(),
        "2026-03-02"
    );
    assert_eq!(text("{step: normalize, with: country}", "United States"), "US");
    assert_eq!(text("{step: normalize, with: region, zone: US}", "arizona"), "AZ");
    let doubtful = taken("{step: normalize, with: date, zone: US}", "3/2/2026").unwrap_err();
    assert!(doubtful.contains("`2026-03-02`") && doubtful.contains("80 %"), "{doubtful}");
    assert!(taken("{step: date_format, format: '%Y'}", "text").is_err());
}

#[test]
fn what_a_step_does_not_take_is_refused() {
    for (step, wrong) in [
        ("{step: cutt, len: 3}", "did you mean `cut`?"),
        ("{step: trim, len: 3}", "takes no `len`"),
        ("{step: cut}", "needs `len`"),
        ("{step: cut, len: 3, on_overflow: maybe}", "`on_overflow`"),
        ("{step: pad, len: 3, with: ab}", "one character"),
        ("{step: round}", "needs `scale`"),
        ("{step: round, scale: 2, mode: near}", "`mode`"),
        ("{step: allocate, weights: '0,0'}", "`weights`"),
        ("{step: date_format, format: '%Q%!'}", "no form"),
        ("{step: date_in_zone, zone: Mars/Base}", "time zone"),
        ("{step: split_pick, with: ','}", "from 1"),
        ("{step: replace, find: ''}", "not empty"),
        ("{step: normalize, with: mood}", "`mood`"),
    ] {
        let error = plan(step).unwrap_err();
        assert!(error.contains(wrong), "{step}: {error}");
    }
}

#[test]
fn every_step_listed_is_there() {
    for (name, ..) in STEPS {
        let text = format!(
            "{{step: {name}, len: 3, with: country, find: a, at: 1, side: left, format: '%Y', \
             zone: UTC, scale: 2, mode: up, yes: y, no: n, weights: '1', on_overflow: cut}}"
        );
        let mut step: StepOfField = serde_saphyr::from_str(&text).unwrap();
        if *name == "pad" {
            step.with = Some("0".to_owned());
        }
        assert_eq!(Plan::typed(name, &step).unwrap().name(), *name);
    }
}

proptest! {
    #[test]
    fn parts_add_up(
        units in -1_000_000_i64..1_000_000,
        weights in prop::collection::vec(0_u32..50, 1..9),
    ) {
        prop_assume!(weights.iter().any(|weight| *weight > 0));
        let plan = Plan::Allocate { weights, scale: 2 };
        let whole = Decimal::new(units, 2);
        let parts = plan.apply(Value::Number(whole)).unwrap();
        let sum: Decimal = parts.list().iter().filter_map(Value::number).sum();
        prop_assert_eq!(sum, whole);
    }
}
