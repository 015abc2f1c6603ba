//! The one table of Kafka properties: what may be set, by whom, and why not.

/// The values a property takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// A path of a file that must be readable when a client opens.
    Path,
    /// `true` or `false`.
    Bool,
    /// A whole number between the two, both included.
    Int(i64, i64),
    /// One of these words (upper or lower case).
    OneOf(&'static [&'static str]),
}

/// Which clients a property is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Every client.
    Client,
    /// Consumers only.
    Consumer,
    /// Producers only.
    Producer,
}

/// What happens to a property that a user sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Handed to librdkafka.
    Accept,
    /// Handed on, never shown.
    Secret,
    /// Handed on only when `farandole.allow.insecure=true`, unless it has the named safe value.
    InsecureUnless(&'static str),
    /// The framework's own; only this value (or leaving it out) is right. With the reason.
    Owned(&'static str, &'static str),
    /// Never; with the reason and what to do instead.
    Refuse(&'static str),
    /// Another spelling of the named property.
    Alias(&'static str),
    /// Java's word for something that has to be rewritten; see `translate`.
    Java,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct KafkaOption {
    /// Kafka's own name.
    pub name: &'static str,
    /// Which clients it is for.
    pub scope: Scope,
    /// Its values.
    pub kind: Kind,
    /// What happens when it is set.
    pub rule: Rule,
    /// What it does, in one line.
    pub doc: &'static str,
}

const fn row(
    name: &'static str,
    scope: Scope,
    kind: Kind,
    rule: Rule,
    doc: &'static str,
) -> KafkaOption {
    KafkaOption {
        name,
        scope,
        kind,
        rule,
        doc,
    }
}

use Kind::{Bool, Int, OneOf, Path, Text};
use Rule::{Accept, Alias, InsecureUnless, Java, Owned, Refuse, Secret};
use Scope::{Client, Consumer, Producer};

const DAY_MS: i64 = 86_400_000;
const HOUR_MS: i64 = 3_600_000;
const RUNS_CODE: &str =
    "it makes the Kafka client run a program or load a library; set that up outside this process";
const OUR_PAYLOADS: &str =
    "payloads are Avro and keys are text here, there is nothing to choose; remove the line";
const JKS: &str = "librdkafka reads PEM and PKCS#12, not Java key stores; convert the store (keytool -importkeystore, openssl) and use ssl.ca.location or ssl.keystore.location";
const BY_SERVICE: &str =
    "the service names it; every copy of one participant shares one consumer group";

/// Every property this toolkit knows, each once, in alphabetical order.
// One row per line: a table.
#[rustfmt::skip]
pub const OPTIONS: &[KafkaOption] = &[

    row("acks", Producer, Text, Owned("all", "an event counts as published only when all in-sync replicas have it"), "replicas that must have a record"),
    row("allow.auto.create.topics", Client, Bool, Owned("false", "a misspelt topic must be an error; create topics with `farandole topics apply`"), "whether reading may create topics"),
    row("auto.offset.reset", Consumer, Text, Owned("earliest", "a new group must see every event"), "where a group without offsets begins"),
    row("batch.size", Producer, Int(1, 2_147_483_647), Accept, "most bytes of one batch"),
    row("bootstrap.servers", Client, Text, Accept, "brokers to ask first: host:port, separated by commas"),
    row("broker.address.family", Client, OneOf(&["any", "v4", "v6"]), Accept, "IP versions to use"),
    row("broker.address.ttl", Client, Int(0, DAY_MS), Accept, "how long a resolved address is kept, in ms"),
    row("check.crcs", Consumer, Bool, Accept, "verify the checksum of what is read"),
    row("client.dns.lookup", Client, OneOf(&["use_all_dns_ips", "resolve_canonical_bootstrap_servers_only"]), Accept, "how names are resolved"),
    row("client.id", Client, Text, Refuse("clients are named after the service and its copy, so that logs and the tracker can tell them apart"), "name of a client"),
    row("client.rack", Client, Text, Accept, "this client's rack, to read from the nearest replica"),
    row("compression.codec", Producer, Text, Alias("compression.type"), "see compression.type"),
    row("compression.level", Producer, Int(-1, 12), Accept, "effort of compression"),
    row("compression.type", Producer, OneOf(&["none", "gzip", "snappy", "lz4", "zstd"]), Accept, "how batches are compressed"),
    row("connections.max.idle.ms", Client, Int(0, 2_147_483_647), Accept, "close idle connections after, in ms"),
    row("debug", Client, Text, Accept, "librdkafka debug contexts, e.g. broker,cgrp"),
    row("default.api.timeout.ms", Client, Int(1, HOUR_MS), Refuse("librdkafka has no such limit; use socket.timeout.ms or request.timeout.ms"), "Java's limit for client calls"),
    row("delivery.timeout.ms", Producer, Int(1, DAY_MS), Accept, "how long a record may take to be acknowledged, in ms"),
    row("enable.auto.commit", Consumer, Bool, Owned("false", "an offset is committed only when the events below it are done"), "commit by timer"),
    row("enable.auto.offset.store", Consumer, Bool, Owned("false", "an offset is committed only when the events below it are done"), "mark records as done when they are handed over"),
    row("enable.idempotence", Producer, Bool, Owned("true", "without it a retry could duplicate or reorder events"), "let the broker drop repeats"),
    row("enable.partition.eof", Consumer, Bool, Owned("false", "readers watch offsets themselves"), "report the end of a partition"),
    row("enable.ssl.certificate.verification", Client, Bool, InsecureUnless("true"), "verify the broker's certificate"),
    row("farandole.allow.insecure", Client, Bool, Accept, "permit settings that switch off verification; never beyond a test"),
    row("fetch.max.bytes", Consumer, Int(1, 2_147_483_135), Accept, "most bytes of one fetch answer"),
    row("fetch.max.wait.ms", Consumer, Text, Alias("fetch.wait.max.ms"), "see fetch.wait.max.ms"),
    row("fetch.message.max.bytes", Consumer, Text, Alias("max.partition.fetch.bytes"), "see max.partition.fetch.bytes"),
    row("fetch.min.bytes", Consumer, Int(1, 100_000_000), Accept, "bytes the broker waits for before it answers"),
    row("fetch.wait.max.ms", Consumer, Int(0, 300_000), Accept, "longest wait for fetch.min.bytes, in ms"),
    row("group.id", Consumer, Text, Refuse(BY_SERVICE), "consumer group"),
    row("group.instance.id", Consumer, Text, Accept, "static membership: a name for this copy that survives restarts"),
    row("group.protocol", Consumer, Text, Owned("classic", "the newer protocol stalls with the librdkafka built in here"), "group membership protocol"),
    row("heartbeat.interval.ms", Consumer, Int(1, HOUR_MS), Accept, "time between heartbeats, in ms [ours: 2000]"),
    row("isolation.level", Consumer, OneOf(&["read_committed", "read_uncommitted"]), Accept, "whether records of open or aborted transactions are read"),
    row("key.deserializer", Consumer, Text, Refuse(OUR_PAYLOADS), "Java class"),
    row("key.serializer", Producer, Text, Refuse(OUR_PAYLOADS), "Java class"),
    row("linger.ms", Producer, Int(0, 900_000), Accept, "wait for more records in a batch, in ms"),
    row("log_level", Client, Int(0, 7), Accept, "librdkafka's own log level (syslog)"),
    row("max.in.flight.requests.per.connection", Producer, Int(1, 5), Accept, "requests without an answer; 5 is the most that keeps order"),
    row("max.partition.fetch.bytes", Consumer, Int(1, 1_000_000_000), Accept, "most bytes of one partition in one fetch"),
    row("max.poll.interval.ms", Consumer, Int(1, DAY_MS), Accept, "a member that does not poll for longer is expelled, in ms"),
    row("max.poll.records", Consumer, Int(1, i64::MAX), Refuse("librdkafka reads ahead in the background; bound memory with queued.max.messages.kbytes"), "records of one poll in Java"),
    row("max.request.size", Producer, Text, Alias("message.max.bytes"), "see message.max.bytes"),
    row("message.max.bytes", Producer, Int(1000, 1_000_000_000), Accept, "largest request a producer makes"),
    row("message.timeout.ms", Producer, Text, Alias("delivery.timeout.ms"), "see delivery.timeout.ms"),
    row("metadata.max.age.ms", Client, Int(1, DAY_MS), Accept, "look for new partitions at least this often, in ms"),
    row("metric.reporters", Client, Text, Refuse("a Java class can't be loaded; metrics are served by the process itself"), "Java classes"),
    row("partition.assignment.strategy", Consumer, Text, Owned("range", "equal partition numbers of a participant's topics must stay together in one copy"), "how partitions are shared out"),
    row("partitioner", Producer, Text, Owned("murmur2_random", "records must land where Java clients would put them"), "which partition a key belongs to"),
    row("partitioner.class", Producer, Text, Refuse("keys are partitioned as Java's default does (murmur2); remove the line"), "Java class"),
    row("plugin.library.paths", Client, Text, Refuse(RUNS_CODE), "libraries to load"),
    row("queue.buffering.max.kbytes", Producer, Int(1, 2_147_483_647), Accept, "most kilobytes waiting to be sent"),
    row("queue.buffering.max.messages", Producer, Int(1, 2_147_483_647), Accept, "most records waiting to be sent"),
    row("queue.buffering.max.ms", Producer, Text, Alias("linger.ms"), "see linger.ms"),
    row("queued.max.messages.kbytes", Consumer, Int(1, 2_097_151), Accept, "most kilobytes read ahead"),
    row("queued.min.messages", Consumer, Int(1, 10_000_000), Accept, "records to read ahead"),
    row("receive.message.max.bytes", Client, Int(1000, 2_147_483_647), Accept, "largest answer that is accepted"),
    row("reconnect.backoff.max.ms", Client, Int(0, HOUR_MS), Accept, "longest wait before connecting again, in ms"),
    row("reconnect.backoff.ms", Client, Int(0, HOUR_MS), Accept, "first wait before connecting again, in ms"),
    row("request.timeout.ms", Producer, Int(1, 900_000), Accept, "how long the broker may take to acknowledge, in ms"),
    row("retries", Producer, Int(0, 2_147_483_647), Accept, "tries to send again within delivery.timeout.ms"),
    row("retry.backoff.max.ms", Client, Int(1, 300_000), Accept, "longest wait before a request is tried again, in ms"),
    row("retry.backoff.ms", Client, Int(1, 300_000), Accept, "first wait before a request is tried again, in ms"),
    row("sasl.client.callback.handler.class", Client, Text, Refuse("a Java class can't be loaded; use sasl.oauthbearer.method=oidc"), "Java class"),
    row("sasl.jaas.config", Client, Text, Java, "Java's way to give a user name and a password"),
    row("sasl.kerberos.keytab", Client, Path, Accept, "Kerberos key table"),
    row("sasl.kerberos.kinit.cmd", Client, Text, Refuse(RUNS_CODE), "command that renews the Kerberos ticket"),
    row("sasl.kerberos.principal", Client, Text, Accept, "Kerberos client principal"),
    row("sasl.kerberos.service.name", Client, Text, Accept, "Kerberos principal of the brokers"),
    row("sasl.login.callback.handler.class", Client, Text, Refuse("a Java class can't be loaded; use sasl.oauthbearer.method=oidc"), "Java class"),
    row("sasl.mechanism", Client, OneOf(&["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER", "GSSAPI"]), Accept, "how to log in"),
    row("sasl.mechanisms", Client, Text, Alias("sasl.mechanism"), "see sasl.mechanism"),
    row("sasl.oauthbearer.client.id", Client, Text, Accept, "OIDC client id"),
    row("sasl.oauthbearer.client.secret", Client, Text, Secret, "OIDC client secret"),
    row("sasl.oauthbearer.config", Client, Text, Secret, "settings of unsecured OAUTHBEARER tokens"),
    row("sasl.oauthbearer.extensions", Client, Text, Accept, "extensions sent with the token"),
    row("sasl.oauthbearer.method", Client, OneOf(&["default", "oidc"]), Accept, "where tokens come from"),
    row("sasl.oauthbearer.scope", Client, Text, Accept, "OIDC scope"),
    row("sasl.oauthbearer.token.endpoint.url", Client, Text, Accept, "OIDC token endpoint"),
    row("sasl.password", Client, Text, Secret, "password"),
    row("sasl.username", Client, Text, Accept, "user name"),
    row("security.protocol", Client, OneOf(&["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]), Accept, "how to talk to the brokers"),
    row("session.timeout.ms", Consumer, Int(1, HOUR_MS), Accept, "a member silent for longer is expelled, in ms [ours: 6000]"),
    row("socket.connection.setup.timeout.ms", Client, Int(1000, 2_147_483_647), Accept, "how long connecting may take, in ms"),
    row("socket.keepalive.enable", Client, Bool, Accept, "TCP keep-alive"),
    row("socket.nagle.disable", Client, Bool, Accept, "send small packets at once"),
    row("socket.timeout.ms", Client, Int(10, 300_000), Accept, "how long a request may take, in ms"),
    row("ssl.ca.location", Client, Path, Accept, "PEM file or folder of trusted authorities"),
    row("ssl.ca.pem", Client, Text, Accept, "trusted authorities as PEM text"),
    row("ssl.certificate.location", Client, Path, Accept, "PEM file of this client's certificate"),
    row("ssl.certificate.pem", Client, Text, Accept, "this client's certificate as PEM text"),
    row("ssl.cipher.suites", Client, Text, Accept, "ciphers, as OpenSSL names them"),
    row("ssl.crl.location", Client, Path, Accept, "revoked certificates"),
    row("ssl.endpoint.identification.algorithm", Client, Text, InsecureUnless("https"), "verify that the certificate names the broker"),
    row("ssl.engine.location", Client, Path, Refuse(RUNS_CODE), "OpenSSL engine library"),
    row("ssl.key.location", Client, Path, Accept, "PEM file of this client's private key"),
    row("ssl.key.password", Client, Text, Secret, "password of the private key"),
    row("ssl.key.pem", Client, Text, Secret, "this client's private key as PEM text"),
    row("ssl.keystore.key", Client, Text, Refuse("use ssl.key.pem"), "Java's name for a PEM key"),
    row("ssl.keystore.location", Client, Path, Accept, "PKCS#12 file with certificate and key"),
    row("ssl.keystore.password", Client, Text, Secret, "password of the PKCS#12 file"),
    row("ssl.keystore.type", Client, Text, Java, "only PKCS12 works"),
    row("ssl.providers", Client, Text, Refuse(RUNS_CODE), "OpenSSL providers"),
    row("ssl.truststore.certificates", Client, Text, Alias("ssl.ca.pem"), "see ssl.ca.pem"),
    row("ssl.truststore.location", Client, Path, Java, "Java's name for trusted authorities"),
    row("ssl.truststore.password", Client, Text, Refuse(JKS), "password of a Java trust store"),
    row("ssl.truststore.type", Client, Text, Java, "only PEM works"),
    row("statistics.interval.ms", Client, Int(0, DAY_MS), Accept, "librdkafka statistics, in ms; 0 is off"),
    row("topic.metadata.refresh.interval.ms", Client, Int(-1, HOUR_MS), Accept, "look for changed topics this often, in ms"),
    row("transactional.id", Producer, Text, Refuse("transactions are not offered; events are published at least once with derived ids"), "identity of a transactional producer"),
    row("value.deserializer", Consumer, Text, Refuse(OUR_PAYLOADS), "Java class"),
    row("value.serializer", Producer, Text, Refuse(OUR_PAYLOADS), "Java class"),
];

/// The row of a property.
pub(crate) fn find(name: &str) -> Option<&'static KafkaOption> {
    OPTIONS
        .binary_search_by(|option| option.name.cmp(name))
        .ok()
        .map(|at| &OPTIONS[at])
}
