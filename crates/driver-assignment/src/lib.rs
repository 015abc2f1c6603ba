//! The driver-assignment service: keeps the fleet and gives each trip a driver, and no driver two trips.
