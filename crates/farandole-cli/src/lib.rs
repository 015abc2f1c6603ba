//! The farandole command line.
