//! The step `follow`: what other services tell of a trip.

use farandole::{Context, Failure};
use rides::trip::FollowInput;

use crate::trips::Trips;

impl rides::trip::Trip for Trips {
    async fn follow(&self, input: FollowInput, cx: &Context) -> Result<(), Failure> {
        Trips::follow(self, input, cx).await
    }
}
