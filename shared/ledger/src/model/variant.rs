//! Seven ways to break the protocol. Production's `step` stays as it is: a variant changes how what it
//! asks for is performed, or what else goes on.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    /// The protocol as it is.
    Sound,
    /// The batch is created ready to post, after a look-up that found none.
    CreatedReady,
    /// Every worker commits the batch it made itself: there is no single decision.
    NoCommitPoint,
    /// The sweeper deletes batches whose manifest has committed to none yet.
    SweptBeforeCommit,
    /// Aborting does not ask whether something was committed.
    AbortUnconditional,
    /// Effects are given back when a lease runs out, whatever their manifest does.
    ReleasedOnTimeOut,
    /// A failed entry is given back without being taken out of the error batch.
    NotNeutralised,
    /// The error batch is found by what it is called, not by the pointer.
    FoundByDescription,
}

impl Variant {
    pub const BROKEN: [Self; 7] = [
        Self::CreatedReady,
        Self::NoCommitPoint,
        Self::SweptBeforeCommit,
        Self::AbortUnconditional,
        Self::ReleasedOnTimeOut,
        Self::NotNeutralised,
        Self::FoundByDescription,
    ];
}
