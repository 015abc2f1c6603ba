//! The step `follow` belongs to another participant.

use farandole::{Context, Failure};
use rides::trip::{Decide, DriverAssignment, FollowInput, Offer, OfferInput, ReleaseInput};
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

    async fn follow(&self, _: FollowInput, _: &Context) -> Result<(), Failure> {
        Ok(())
    }
}
