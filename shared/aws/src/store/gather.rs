//! Asking for many things at once: what several tasks want within a moment of each other goes out as
//! one request. Each of them gets an answer, or a failure, of its own.
//!
//! Whoever waited longest asks for all. When that one fails or is given up, the others ask again,
//! so nobody waits for an answer that nobody brings.

use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ledger::memory::tables::Fallible;
use tokio::sync::oneshot;
use tokio::time::sleep;

/// How long one waits for others. The payments of a batch come to the same step at different times,
/// because vendors answer some later than others.
const MOMENT: Duration = Duration::from_millis(100);

/// How often somebody may fail to bring our answer before we fail too.
const TRIES_MAX: u32 = 4;

#[derive(Debug)]
struct Wish<K, V> {
    key: K,
    answer: oneshot::Sender<V>,
}

#[derive(Debug)]
pub(super) struct Gather<K, V>(Mutex<Vec<Wish<K, V>>>);

impl<K, V> Default for Gather<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Clone + Send, V: Send> Gather<K, V> {
    /// The answer for this key. `all` is asked after this call began, and answers its keys in their
    /// order.
    pub async fn ask<F, W>(&self, key: &K, all: F) -> Fallible<V>
    where
        F: Fn(Vec<K>) -> W + Send,
        W: Future<Output = Fallible<Vec<V>>> + Send,
    {
        for _ in 0..TRIES_MAX {
            let mut answered = self.wish(key);
            tokio::select! {
                answer = &mut answered => match answer {
                    Ok(answer) => return Ok(answer),
                    Err(_) => continue,
                },
                () = sleep(MOMENT) => {}
            }
            let (keys, wishes) = self.take();
            if !keys.is_empty() {
                let answers = all(keys).await?;
                for (answer, wish) in answers.into_iter().zip(wishes) {
                    // Who no longer waits for it needs none.
                    drop(wish.send(answer));
                }
            }
            if let Ok(answer) = answered.await {
                return Ok(answer);
            }
        }
        Err("others failed to bring the answer each time".into())
    }

    fn wish(&self, key: &K) -> oneshot::Receiver<V> {
        let (answer, answered) = oneshot::channel();
        let wish = Wish { key: key.clone(), answer };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(wish);
        answered
    }

    fn take(&self) -> (Vec<K>, Vec<oneshot::Sender<V>>) {
        let mut wishes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        wishes.drain(..).map(|wish| (wish.key, wish.answer)).unzip()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_wanted_in_a_moment_is_asked_for_once() {
        let gather = Gather::<u32, u32>::default();
        let asked = AtomicUsize::new(0);
        let one = |key: u32| {
            let (gather, asked) = (&gather, &asked);
            async move {
                let all = |keys: Vec<u32>| async move {
                    asked.fetch_add(1, Ordering::SeqCst);
                    Ok(keys.into_iter().map(|key| key * 2).collect())
                };
                gather.ask(&key, all).await.unwrap()
            }
        };
        let (a, b, c) = tokio::join!(one(1), one(2), one(3));
        assert_eq!((a, b, c), (2, 4, 6));
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        assert_eq!(one(5).await, 10, "later is asked for later");
        assert_eq!(asked.into_inner(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_is_of_the_one_who_asked() {
        let gather = Gather::<u32, u32>::default();
        let asked = AtomicUsize::new(0);
        let one = |key: u32| {
            let (gather, asked) = (&gather, &asked);
            async move {
                let all = |keys: Vec<u32>| async move {
                    if asked.fetch_add(1, Ordering::SeqCst) == 0 {
                        return Err("no".into());
                    }
                    Ok(keys)
                };
                gather.ask(&key, all).await
            }
        };
        let (a, b, c) = tokio::join!(one(1), one(2), one(3));
        let answers = [a, b, c];
        assert_eq!(answers.iter().filter(|answer| answer.is_err()).count(), 1);
        assert_eq!(answers.iter().flatten().count(), 2, "the others asked again");
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_is_given_up_keeps_nobody_waiting() {
        let gather = Gather::<u32, u32>::default();
        let never = |_: Vec<u32>| async { std::future::pending::<Fallible<Vec<u32>>>().await };
        let given_up = async {
            let asking = gather.ask(&1, never);
            tokio::time::timeout(MOMENT * 3, asking).await.unwrap_err();
        };
        let waits = async {
            sleep(MOMENT / 2).await;
            gather.ask(&2, |keys: Vec<u32>| async move { Ok(keys) }).await.unwrap()
        };
        let (waited, ()) = tokio::join!(waits, given_up);
        assert_eq!(waited, 2);
    }
}
