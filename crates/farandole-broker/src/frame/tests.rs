use kafka_protocol::messages::{ApiVersionsResponse, MetadataRequest};
use kafka_protocol::protocol::StrBytes;

use super::*;
use crate::api::KINDS;

fn metadata(version: i16) -> Bytes {
    let header = RequestHeader::default()
        .with_request_api_key(ApiKey::Metadata as i16)
        .with_request_api_version(version)
        .with_correlation_id(77)
        .with_client_id(Some(StrBytes::from_static_str("rider-map")));
    let mut frame = BytesMut::new();
    header
        .encode(&mut frame, ApiKey::Metadata.request_header_version(version))
        .unwrap();
    MetadataRequest::default()
        .encode(&mut frame, version)
        .unwrap();
    frame.freeze()
}

#[test]
fn a_request_is_read_with_its_header() {
    for version in [1, 8, 9, 13] {
        let Ok(Frame::Request(request)) = read(metadata(version)) else {
            panic!("{version}")
        };
        assert_eq!((request.kind.name, request.version), ("Metadata", version));
        assert_eq!(
            (request.correlation_id, &*request.client_id),
            (77, "rider-map")
        );
        assert!(matches!(request.body, RequestKind::Metadata(_)));
    }
}

#[test]
fn api_versions_of_the_future_are_told_apart_from_other_versions() {
    let frame = |key: i16, version: i16| {
        let parts = [
            &key.to_be_bytes()[..],
            &version.to_be_bytes(),
            &5_i32.to_be_bytes(),
            b"?",
        ];
        Bytes::from(parts.concat())
    };
    let future = read(frame(ApiKey::ApiVersions as i16, 99));
    assert!(matches!(
        future,
        Ok(Frame::FutureApiVersions { correlation_id: 5 })
    ));
    let metadata = read(frame(ApiKey::Metadata as i16, 99));
    assert!(matches!(
        metadata,
        Err(Unreadable::Version {
            kind: "Metadata",
            version: 99
        })
    ));
    assert!(matches!(
        read(frame(999, 0)),
        Err(Unreadable::UnknownKey(999))
    ));
}

#[test]
fn a_request_cut_anywhere_is_refused() {
    for version in [1, 9, 13] {
        let whole = metadata(version);
        for length in 0..whole.len() {
            assert!(
                read(whole.slice(..length)).is_err(),
                "version {version}, {length} bytes"
            );
        }
    }
}

/// Any bytes may follow a valid key and version: they are read or refused, and nothing else.
#[test]
fn random_bytes_are_read_or_refused() {
    let seed = uuid::Uuid::new_v4().as_u64_pair().0;
    println!("seed {seed}");
    let mut random = SplitMix(seed);
    let (mut read_well, mut refused) = (0, 0);
    for kind in KINDS {
        for version in kind.min..=kind.max {
            for _ in 0..300 {
                let mut frame = Vec::new();
                frame.extend((kind.key as i16).to_be_bytes());
                frame.extend(version.to_be_bytes());
                frame.extend([0; 4]);
                // Mostly small numbers: zeros and ones take the decoder further than noise.
                let length = random.next() % 60;
                let byte = |r: u64| {
                    if r.is_multiple_of(4) {
                        (r >> 8) as u8
                    } else {
                        (r >> 8) as u8 % 4
                    }
                };
                frame.extend((0..length).map(|_| byte(random.next())));
                match read(Bytes::from(frame)) {
                    Ok(_) => read_well += 1,
                    Err(_) => refused += 1,
                }
            }
        }
    }
    assert!(
        read_well > 0 && refused > 0,
        "{read_well} read, {refused} refused"
    );
}

/// A small generator of pseudo-random numbers.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

#[test]
fn a_response_carries_its_length_and_correlation() {
    let response = ApiVersionsResponse::default().into();
    let frame = write(ApiKey::ApiVersions, 3, 42, &response).unwrap();
    let length = i32::from_be_bytes(frame[..4].try_into().unwrap());
    assert_eq!(length as usize, frame.len() - 4);
    assert_eq!(frame[4..8], 42_i32.to_be_bytes());
}
