//! The step `decide` has no method.

use farandole::{Context, Failure};
use rides::DriverReleased;
use rides::trip::{DriverAssignment, Offer, OfferInput, ReleaseInput};

struct Dispatcher;

impl DriverAssignment for Dispatcher {
    async fn offer(&self, _: OfferInput, _: &Context) -> Result<Offer, Failure> {
        Err(Failure::retry("nobody is near"))
    }

    async fn release(
        &self,
        _: ReleaseInput,
        _: &Context,
    ) -> Result<Option<DriverReleased>, Failure> {
        Ok(None)
    }
}
