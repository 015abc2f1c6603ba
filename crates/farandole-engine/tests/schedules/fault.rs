/// A mistake between the engine and the world, of the kind an engine could have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fault {
    CommitsOneTooFar,
    ForgetsLanes,
    MixesUpLanes,
    LosesRecords,
    TriesOnceMore,
    TakesRejectForRetry,
    LosesEnds,
    IgnoresRevoke,
    IgnoresClose,
    NeverPauses,
    TriesTooEarly,
}

impl Fault {
    pub(crate) const ALL: [Fault; 11] = [
        Fault::CommitsOneTooFar,
        Fault::ForgetsLanes,
        Fault::MixesUpLanes,
        Fault::LosesRecords,
        Fault::TriesOnceMore,
        Fault::TakesRejectForRetry,
        Fault::LosesEnds,
        Fault::IgnoresRevoke,
        Fault::IgnoresClose,
        Fault::NeverPauses,
        Fault::TriesTooEarly,
    ];
}
