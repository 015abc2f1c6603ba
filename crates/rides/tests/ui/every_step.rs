//! Every step has its method: this compiles.

use farandole::{Context, Failure};
use rides::trip::{Decide, DriverAssignment, Offer, OfferInput, ReleaseInput, driver_assignment};
use rides::{DriverOffered, DriverReleased};

struct Dispatcher;

impl DriverAssignment for Dispatcher {
    async fn offer(&self, _: OfferInput, _: &Context) -> Result<Offer, Failure> {
        Err(Failure::retry("nobody is near"))
    }

    async fn decide(&self, _: DriverOffered, _: &Context) -> Result<Decide, Failure> {
        Err(Failure::reject("no such driver"))
    }

    async fn release(
        &self,
        _: ReleaseInput,
        _: &Context,
    ) -> Result<Option<DriverReleased>, Failure> {
        Ok(None)
    }
}

#[test]
fn the_participant_has_its_name() {
    assert_eq!(driver_assignment(Dispatcher).name(), "driver-assignment");
}
