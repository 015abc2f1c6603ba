//! Plays the riders and the drivers' apps: requests, positions, pick-ups and drop-offs.
