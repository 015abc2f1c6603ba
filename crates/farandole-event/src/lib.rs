//! Envelope, ids, CloudEvents header binding, Avro framing, schema catalog and compatibility. No I/O.
