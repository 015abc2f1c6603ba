//! The step `decide` takes an event that doesn't trigger it.

use farandole::{Context, Failure};
use rides::trip::{Decide, DriverAssignment, Offer, OfferInput, ReleaseInput};
use rides::{DriverAssigned, DriverReleased};

struct Dispatcher;

impl DriverAssignment for Dispatcher {
    async fn offer(&self, _: OfferInput, _: &Context) -> Result<Offer, Failure> {
        Err(Failure::retry("nobody is near"))
    }

    async fn decide(&self, _: DriverAssigned, _: &Context) -> Result<Decide, Failure> {
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
