//! The external step `cancel` emits `trip.cancelled` and nothing else.

use farandole::Instance;

/// Cancels by completing.
pub fn cancel(instance: &Instance, completed: &rides::TripCompleted) {
    let _ = rides::trip::cancel(instance, None, completed);
}
