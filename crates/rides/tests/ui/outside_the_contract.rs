//! The step `offer` emits `driver.assigned`, which only `decide` may.

use farandole::{Context, Failure};
use rides::trip::{Decide, DriverAssignment, Offer, OfferInput, ReleaseInput};
use rides::{DriverAssigned, DriverOffered, DriverReleased};

struct Dispatcher(DriverAssigned);

impl DriverAssignment for Dispatcher {
    async fn offer(&self, _: OfferInput, _: &Context) -> Result<Offer, Failure> {
        Ok(Offer::DriverAssigned(self.0.clone()))
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
