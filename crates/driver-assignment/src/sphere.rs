//! Points on the globe, as points in space: there the straight distance grows with the way along the surface,
//! so that an index of straight distances finds the nearest driver anywhere, also across the date line.

/// Mean radius of the Earth in metres (IUGG).
const EARTH_M: f64 = 6_371_008.8;

/// A point on the globe in metres from the Earth's centre.
pub(crate) type Point = [f64; 3];

/// The point at a latitude and a longitude in degrees (WGS 84, taken as a sphere: up to 0.5 % off).
pub(crate) fn point(lat: f64, lon: f64) -> Point {
    let (sin_lat, cos_lat) = lat.to_radians().sin_cos();
    let (sin_lon, cos_lon) = lon.to_radians().sin_cos();
    [
        EARTH_M * cos_lat * cos_lon,
        EARTH_M * cos_lat * sin_lon,
        EARTH_M * sin_lat,
    ]
}

/// The way along the surface in metres, from the square of the straight distance.
pub(crate) fn surface_m(straight_squared: f64) -> f64 {
    2.0 * EARTH_M
        * (straight_squared.sqrt() / (2.0 * EARTH_M))
            .clamp(0.0, 1.0)
            .asin()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distance_m(a: (f64, f64), b: (f64, f64)) -> f64 {
        let (a, b) = (point(a.0, a.1), point(b.0, b.1));
        surface_m((0..3).map(|axis| (a[axis] - b[axis]).powi(2)).sum())
    }

    #[test]
    fn a_degree_of_latitude_is_about_111_kilometres() {
        let metres = distance_m((40.0, -74.0), (41.0, -74.0));
        assert!((metres - 111_195.0).abs() < 10.0, "{metres}");
    }

    #[test]
    fn a_degree_of_longitude_shrinks_with_the_latitude() {
        let metres = distance_m((60.0, 10.0), (60.0, 11.0));
        assert!((metres - 55_597.0).abs() < 10.0, "{metres}");
    }

    #[test]
    fn the_date_line_is_no_wall() {
        let metres = distance_m((0.0, 179.999), (0.0, -179.999));
        assert!((metres - 222.0).abs() < 1.0, "{metres}");
    }
}
