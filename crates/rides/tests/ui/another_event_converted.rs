//! The step `offer` tries to answer with an event that is none of its own.

use farandole::{Context, Failure};
use rides::trip::{Decide, DriverAssignment, Offer, OfferInput, ReleaseInput};
use rides::{DriverAssigned, DriverOffered, DriverReleased};

struct Dispatcher(DriverAssigned);

impl DriverAssignment for Dispatcher {
    async fn offer(&self, _: OfferInput, _: &Context) -> Result<Offer, Failure> {
        Ok(self.0.clone().into())
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
