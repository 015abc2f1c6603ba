//! Decimals between Avro (two's complement, big-endian, fixed scale) and [`rust_decimal::Decimal`], for
//! `#[serde(with = "…")]` on generated fields.
//!
//! ```
//! use rust_decimal::Decimal;
//! #[derive(serde::Serialize, serde::Deserialize)]
//! struct Fare {
//!     #[serde(with = "farandole_event::decimal::Scaled::<2>")]
//!     amount: Decimal,
//!     #[serde(with = "farandole_event::decimal::OptionalScaled::<2>")]
//!     tip: Option<Decimal>,
//! }
//! let fare: Fare = serde_json::from_str(r#"{"amount":"12.50","tip":null}"#).unwrap();
//! assert_eq!(fare.amount, Decimal::new(1250, 2));
//! ```

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserializer, Serializer, de, ser};

/// A decimal with `SCALE` digits after the point.
pub struct Scaled<const SCALE: u32>;

/// An optional decimal (`["null", {"type": "bytes", "logicalType": "decimal", …}]`).
pub struct OptionalScaled<const SCALE: u32>;

impl<const SCALE: u32> Scaled<SCALE> {
    /// Writes the unscaled number as the shortest two's complement bytes.
    ///
    /// # Errors
    /// When the value has more than `SCALE` digits after the point: nothing is rounded silently.
    pub fn serialize<S: Serializer>(value: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&to_bytes(*value, SCALE).map_err(ser::Error::custom)?)
    }

    /// Reads bytes (Avro), or text or a number (JSON).
    ///
    /// # Errors
    /// When the number doesn't fit 96 bits, or the text is no number.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
        deserializer.deserialize_any(Reading { scale: SCALE })
    }
}

impl<const SCALE: u32> OptionalScaled<SCALE> {
    /// Writes null or the decimal.
    ///
    /// # Errors
    /// As [`Scaled::serialize`].
    pub fn serialize<S: Serializer>(
        value: &Option<Decimal>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        struct Some<const SCALE: u32>(Decimal);
        impl<const SCALE: u32> serde::Serialize for Some<SCALE> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                Scaled::<SCALE>::serialize(&self.0, serializer)
            }
        }
        match value {
            None => serializer.serialize_none(),
            Option::Some(value) => serializer.serialize_some(&Some::<SCALE>(*value)),
        }
    }

    /// Reads null or the decimal.
    ///
    /// # Errors
    /// As [`Scaled::deserialize`].
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Decimal>, D::Error> {
        struct Optional<const SCALE: u32>;
        impl<'de, const SCALE: u32> de::Visitor<'de> for Optional<SCALE> {
            type Value = Option<Decimal>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("null or a decimal")
            }
            fn visit_none<E>(self) -> Result<Self::Value, E> {
                Ok(None)
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(None)
            }
            fn visit_some<D: Deserializer<'de>>(
                self,
                deserializer: D,
            ) -> Result<Self::Value, D::Error> {
                Scaled::<SCALE>::deserialize(deserializer).map(Some)
            }
        }
        deserializer.deserialize_option(Optional::<SCALE>)
    }
}

struct Reading {
    scale: u32,
}

impl de::Visitor<'_> for Reading {
    type Value = Decimal;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a decimal with scale {}", self.scale)
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Decimal, E> {
        from_bytes(bytes, self.scale).ok_or_else(|| E::custom("decimal beyond 96 bits"))
    }

    fn visit_byte_buf<E: de::Error>(self, bytes: Vec<u8>) -> Result<Decimal, E> {
        self.visit_bytes(&bytes)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Decimal, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_i64<E>(self, number: i64) -> Result<Decimal, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Decimal, E> {
        Ok(number.into())
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Decimal, E> {
        number.to_string().parse().map_err(E::custom)
    }
}

/// The unscaled number in the fewest two's complement bytes.
///
/// # Errors
/// When digits would be lost.
pub fn to_bytes(value: Decimal, scale: u32) -> Result<Vec<u8>, String> {
    let mut scaled = value;
    scaled.rescale(scale);
    if scaled != value || scaled.scale() != scale {
        return Err(format!("{value} doesn't fit a scale of {scale}"));
    }
    let bytes = scaled.mantissa().to_be_bytes();
    let redundant = |pair: &[u8]| matches!((pair[0], pair[1] >> 7), (0x00, 0) | (0xFF, 1));
    let start = bytes.windows(2).take_while(|pair| redundant(pair)).count();
    Ok(bytes[start..].to_vec())
}

/// The decimal of two's complement bytes; `None` beyond 96 bits or a scale above 28. No bytes are zero.
pub fn from_bytes(bytes: &[u8], scale: u32) -> Option<Decimal> {
    Decimal::try_from_i128_with_scale(unscaled(bytes)?, scale).ok()
}

/// The unscaled number; `None` beyond 128 bits.
pub(crate) fn unscaled(bytes: &[u8]) -> Option<i128> {
    let negative = bytes.first().is_some_and(|byte| byte >> 7 == 1);
    let fill = if negative { 0xFF } else { 0x00 };
    let start = bytes.len().saturating_sub(16);
    if bytes[..start].iter().any(|byte| *byte != fill) {
        return None;
    }
    let mut wide = [fill; 16];
    wide[16 - (bytes.len() - start)..].copy_from_slice(&bytes[start..]);
    let number = i128::from_be_bytes(wide);
    (negative == (number < 0)).then_some(number)
}
