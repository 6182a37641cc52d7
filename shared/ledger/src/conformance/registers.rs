//! Company leases, watermarks, links and exceptions.

use std::sync::Arc;

use domain::exception::{Exception, ReasonCode};

use super::Verdict;
use super::samples::{at, ensure, lease, same};
use crate::store::{Store, Watermark};

pub(super) async fn suite<M: AsyncFn() -> Arc<dyn Store>>(make: &M) -> Verdict {
    companies(&*make().await).await?;
    watermarks(&*make().await).await?;
    links(&*make().await).await?;
    exceptions(&*make().await).await
}

async fn companies(store: &dyn Store) -> Verdict {
    let company = "SAMLTD".into();
    ensure(store.lease_company(&company, &lease("a", 10, 70)).await?, "a free company is leased")?;
    ensure(!store.lease_company(&company, &lease("b", 20, 80)).await?, "to one owner at a time")?;
    ensure(store.lease_company(&company, &lease("a", 30, 90)).await?, "the owner prolongs it")?;
    ensure(!store.lease_company(&company, &lease("b", 90, 99)).await?, "for as long as it said")?;
    ensure(store.lease_company(&company, &lease("b", 91, 99)).await?, "then it is free")?;
    let other = "OTHER".into();
    ensure(store.lease_company(&other, &lease("a", 91, 99)).await?, "companies are leased apart")
}

async fn watermarks(store: &dyn Store) -> Verdict {
    same(&store.watermark("poll/m1").await?, &None, "an unknown watermark is absent")?;
    for (to, stands) in [(20, 20), (20, 20), (10, 20), (30, 30)] {
        store.advance_watermark("poll/m1", at(to)).await?;
        let found = store.watermark("poll/m1").await?;
        same(&found, &Some(Watermark { at: at(stands) }), "a watermark never goes back")?;
    }
    same(&store.watermark("poll/m2").await?, &None, "watermarks are apart")
}

async fn links(store: &dyn Store) -> Verdict {
    let (merchant, profile) = ("m1".into(), "p1".into());
    same(&store.link(&merchant, &profile).await?, &None, "an unknown link is absent")?;
    let first = store.put_link(&merchant, &profile, &"1200".into()).await?;
    same(&first, &"1200".into(), "an absent link is put")?;
    let second = store.put_link(&merchant, &profile, &"1300".into()).await?;
    same(&second, &"1200".into(), "the link that stands is answered")?;
    let found = store.link(&merchant, &profile).await?;
    same(&found, &Some("1200".into()), "and stands")?;
    same(&store.link(&"m2".into(), &profile).await?, &None, "links are per merchant")
}

async fn exceptions(store: &dyn Store) -> Verdict {
    let first = raised("100", 20);
    ensure(store.raise(&first).await?, "an absent exception is new")?;
    ensure(!store.raise(&raised("100", 30)).await?, "an open one is not")?;
    let older = raised("200", 10).of(&"m1".into());
    ensure(store.raise(&older).await?, "another subject is another exception")?;
    let open = store.exceptions(9).await?;
    same(&open, &vec![older.clone(), first.clone()], "open ones, oldest first, as first raised")?;
    same(&store.exceptions(1).await?, &vec![older.clone()], "the limit keeps the oldest")?;
    store.close_exception(&first.id, at(40)).await?;
    store.close_exception(&first.id, at(50)).await?;
    store.close_exception("none", at(50)).await?;
    same(&store.exceptions(9).await?, &vec![older.clone()], "a closed one is not open")?;
    let again = raised("100", 60);
    ensure(store.raise(&again).await?, "a closed one raised again is new")?;
    same(&store.exceptions(9).await?, &vec![older, again], "and open, as raised last")
}

fn raised(subject: &str, seconds: i64) -> Exception {
    Exception::new(ReasonCode::PeriodLocked, subject, "February is locked", at(seconds))
}
