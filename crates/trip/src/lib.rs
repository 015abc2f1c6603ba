//! The trip service: takes requests, follows the trip to its end.
