use crate::TopicPartition;

/// How often a step tries a record, how long it waits in between, and what happens after the last try.
#[derive(Clone, Debug, PartialEq)]
pub struct RetryPolicy {
    /// Tries in all; 0 counts as 1. Default: 8.
    pub attempts: u32,
    /// Wait after the first try, in milliseconds. Default: 100.
    pub initial_ms: i64,
    /// What the wait grows by from try to try. Default: 2.
    pub factor: f64,
    /// The longest wait before jitter, in milliseconds. Default: 10 000.
    pub max_ms: i64,
    /// What happens after the last try. Default: [`Exhausted::Skip`].
    pub then: Exhausted,
}

/// What happens to a record whose tries are used up, or that was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Exhausted {
    /// It becomes a dead letter and its lane goes on.
    #[default]
    Skip,
    /// Its partition stops until it is assigned anew: for steps that must not leave a record out.
    Stop,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 8,
            initial_ms: 100,
            factor: 2.0,
            max_ms: 10_000,
            then: Exhausted::Skip,
        }
    }
}

impl RetryPolicy {
    /// Whether no try is left after `tries`.
    pub(crate) fn is_exhausted(&self, tries: u32) -> bool {
        tries >= self.attempts.max(1)
    }

    /// The wait after the `tries`-th try (from 1), in milliseconds, without jitter.
    pub fn delay_ms(&self, tries: u32) -> i64 {
        let exponent = i32::try_from(tries.saturating_sub(1)).unwrap_or(i32::MAX);
        let delay = self.initial_ms.max(0) as f64 * self.factor.powi(exponent);
        // A float that is not a number becomes 0 by `as`; one too large, the largest integer.
        (delay as i64).clamp(0, self.max_ms.max(0))
    }

    /// The wait with jitter: never shorter than [`RetryPolicy::delay_ms`], at most a quarter longer.
    pub(crate) fn jittered_ms(&self, tries: u32, random: u64) -> i64 {
        let delay = self.delay_ms(tries);
        delay + (random % (delay as u64 / 4 + 1)) as i64
    }
}

/// A number that depends on all of its arguments, evenly spread; the same for the same arguments.
pub(crate) fn spread(
    seed: u64,
    partition: &TopicPartition,
    offset: i64,
    task: usize,
    tries: u32,
) -> u64 {
    let topic = partition
        .topic
        .bytes()
        .fold(seed, |hash, byte| mix(hash ^ u64::from(byte)));
    [
        partition.partition as u64,
        offset as u64,
        task as u64,
        u64::from(tries),
    ]
    .into_iter()
    .fold(topic, |hash, part| mix(hash ^ part))
}

/// The finalizer of the SplitMix64 generator.
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::{RetryPolicy, spread};
    use crate::TopicPartition;

    #[test]
    fn waits_double_up_to_the_longest() {
        let policy = RetryPolicy::default();
        let delays: Vec<i64> = (1..=9).map(|tries| policy.delay_ms(tries)).collect();
        assert_eq!(
            delays,
            [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]
        );
    }

    #[test]
    fn absurd_policies_give_waits_between_zero_and_the_longest() {
        for (initial_ms, factor, max_ms) in [
            (i64::MAX, f64::MAX, 5),
            (-1, 2.0, 5),
            (1, f64::NAN, 5),
            (1, -3.0, 5),
            (7, 2.0, -1),
        ] {
            let policy = RetryPolicy {
                initial_ms,
                factor,
                max_ms,
                ..RetryPolicy::default()
            };
            for tries in [0, 1, 2, 1_000, u32::MAX] {
                let delay = policy.jittered_ms(tries, u64::MAX);
                assert!(
                    (0..=6).contains(&delay),
                    "{policy:?} after {tries} tries: {delay}"
                );
            }
        }
    }

    #[test]
    fn jitter_never_shortens_a_wait_and_differs_between_records() {
        let policy = RetryPolicy::default();
        let partition = TopicPartition::new("trips", 3);
        let waits: std::collections::BTreeSet<i64> = (0..50)
            .map(|offset| policy.jittered_ms(4, spread(1, &partition, offset, 0, 4)))
            .collect();
        assert!(
            waits.iter().all(|wait| (800..=1_000).contains(wait)),
            "{waits:?}"
        );
        assert!(waits.len() > 25, "{waits:?}");
    }
}
