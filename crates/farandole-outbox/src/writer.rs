//! The one writing connection, on a thread of its own. Transactions that wait at the same moment share one commit, because syncing
//! the disk is what a small transaction costs; each stands behind a savepoint, so it still succeeds or fails by itself.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};
use tokio::sync::oneshot;

use crate::OutboxError;

/// Transactions that share one commit at most: other processes wait for the file meanwhile.
const TOGETHER: usize = 64;
/// How often the file is tried while another process writes.
const LOOK: Duration = Duration::from_millis(1);

/// Hands work to the writing thread. The thread ends with the last clone.
#[derive(Clone)]
pub(crate) struct Writer(mpsc::Sender<Job>);

/// Is run inside a savepoint, or with nothing when there is no transaction to run it in.
type Job = Box<dyn FnOnce(Option<&Transaction<'_>>) -> Ran + Send>;
type Answer = Box<dyn FnOnce(Result<(), OutboxError>) + Send>;
type Panic = Box<dyn Any + Send>;

/// What a job did inside its savepoint.
struct Ran {
    keep: bool,
    /// Tells the caller, when the shared commit has succeeded or failed.
    answer: Answer,
}

impl Writer {
    /// `patience` is how long a transaction waits for other processes.
    pub(crate) fn start(db: Connection, patience: Duration) -> Result<Self, OutboxError> {
        db.busy_timeout(Duration::ZERO)?; // see `begin`
        let (sender, jobs) = mpsc::channel();
        std::thread::Builder::new()
            .name("farandole-outbox".into())
            .spawn(move || work(db, patience, &jobs))
            .map_err(|error| OutboxError::Thread(Arc::new(error)))?;
        Ok(Self(sender))
    }

    /// Runs `work` in a transaction: committed when it answers `Ok`, rolled back otherwise. A panic goes on at the caller.
    pub(crate) async fn transact<T, E, W>(&self, work: W) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<OutboxError> + Send + 'static,
        W: FnOnce(&Transaction<'_>) -> Result<T, E> + Send + 'static,
    {
        let (tell, told) = oneshot::channel::<Result<Result<T, E>, Panic>>();
        let job: Job = Box::new(move |tx| {
            let result = tx.map(|tx| std::panic::catch_unwind(AssertUnwindSafe(|| work(tx))));
            let keep = matches!(result, Some(Ok(Ok(_))));
            let answer: Answer = Box::new(move |committed| {
                let result = match (result, committed) {
                    (Some(result @ (Err(_) | Ok(Err(_)))), _) | (Some(result), Ok(())) => result,
                    (_, Err(error)) => Ok(Err(error.into())),
                    (None, Ok(())) => Ok(Err(OutboxError::Ended.into())),
                };
                // Who asked may have gone away; what was committed stays.
                let _ = tell.send(result);
            });
            Ran { keep, answer }
        });
        self.0.send(job).map_err(|_| OutboxError::Ended)?;
        match told.await {
            Ok(Ok(result)) => result,
            Ok(Err(panic)) => std::panic::resume_unwind(panic),
            Err(_) => Err(OutboxError::Ended.into()),
        }
    }
}

fn work(db: Connection, patience: Duration, jobs: &mpsc::Receiver<Job>) {
    while let Ok(first) = jobs.recv() {
        let mut together = vec![first];
        together.extend(jobs.try_iter().take(TOGETHER - 1));
        run(&db, patience, together);
    }
}

/// Runs jobs in one transaction and answers each.
fn run(db: &Connection, patience: Duration, jobs: Vec<Job>) {
    let mut answers = Vec::with_capacity(jobs.len());
    let mut jobs = jobs.into_iter();
    let committed = commit(db, patience, &mut jobs, &mut answers);
    answers.extend(jobs.map(|job| job(None).answer));
    for answer in answers {
        answer(committed.clone());
    }
}

/// Takes jobs as far as it gets.
fn commit(
    db: &Connection,
    patience: Duration,
    jobs: impl Iterator<Item = Job>,
    answers: &mut Vec<Answer>,
) -> Result<(), OutboxError> {
    let tx = begin(db, patience)?;
    for job in jobs {
        tx.execute_batch("SAVEPOINT job")?;
        let ran = job(Some(&tx));
        answers.push(ran.answer);
        if tx.is_autocommit() {
            return Err(OutboxError::RolledBack);
        }
        tx.execute_batch(if ran.keep {
            "RELEASE job"
        } else {
            "ROLLBACK TO job; RELEASE job"
        })?;
    }
    Ok(tx.commit()?)
}

/// Begins a transaction when no other process writes any more. SQLite's own way to wait is to sleep longer and longer, up to 100 ms:
/// whoever has just come overtakes who waits.
fn begin(db: &Connection, patience: Duration) -> rusqlite::Result<Transaction<'_>> {
    let begun = Instant::now();
    loop {
        match Transaction::new_unchecked(db, TransactionBehavior::Immediate) {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && begun.elapsed() < patience =>
            {
                std::thread::sleep(LOOK);
            }
            ended => return ended,
        }
    }
}
