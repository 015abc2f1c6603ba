//! The delivery decisions as state machines without I/O: lanes, watermark, retry. Time is an argument.
