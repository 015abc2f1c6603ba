use std::{
    any::{Any, TypeId},
    collections::HashMap,
    marker::PhantomData,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use apache_avro::{Schema, reader::datum::GenericDatumReader, writer::datum::GenericDatumWriter};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    Catalog, DecodeError, EncodeError, Envelope, Event, EventSchema, Headers, Limits, Payload,
    SchemaError,
    avro::resolve::Plan,
    framing::{self, SINGLE_OBJECT_MAGIC},
};

/// Encodes and decodes one event type. Build it once per type ([`Codec::of`]): it holds the parsed schemas and the plans for
/// older writers.
pub struct Codec<E: Event> {
    schema: Arc<EventSchema>,
    own: Catalog,
    reader: GenericDatumReader<'static>,
    writer: GenericDatumWriter<'static>,
    plans: RwLock<HashMap<(u64, u32), Arc<Way>>>,
    event: PhantomData<fn() -> E>,
}

/// How a writer's version becomes the reader's type.
enum Way {
    Direct,
    Upgrade,
    Resolve(Plan),
}

/// Plans kept per type; versions beyond are planned anew, so that a hostile catalog can't fill the memory.
const MAX_PLANS: usize = 1024;

impl<E: Event> Codec<E> {
    /// Parses and vets the type's schemas. Prefer [`Codec::of`].
    ///
    /// # Errors
    /// When a schema is refused, or the last is not the one of this type.
    pub fn new() -> Result<Self, SchemaError> {
        let wrong = |reason: String| SchemaError::Versions {
            event: E::NAME.to_owned(),
            reason,
        };
        let mut own = Catalog::new();
        for json in E::SCHEMAS {
            own.add(EventSchema::parse(json)?)
                .map_err(|error| wrong(error.to_string()))?;
        }
        let schema = own
            .latest(E::NAME)
            .ok_or_else(|| wrong("no schema has its name".into()))?;
        if schema.version() != E::VERSION {
            return Err(wrong(format!(
                "the type is v{}, the newest schema v{}",
                E::VERSION,
                schema.version()
            )));
        }
        let avro = interned(&schema);
        let broken = |error: apache_avro::Error| SchemaError::Avro(error.to_string());
        let reader = GenericDatumReader::builder(avro)
            .human_readable(true)
            .build()
            .map_err(broken)?;
        let writer = GenericDatumWriter::builder(avro)
            .human_readable(true)
            .build()
            .map_err(broken)?;
        Ok(Self {
            schema,
            own,
            reader,
            writer,
            plans: RwLock::default(),
            event: PhantomData,
        })
    }

    /// The one codec of this type in this process.
    ///
    /// # Errors
    /// As [`Codec::new`].
    pub fn of() -> Result<&'static Self, SchemaError> {
        static CODECS: RwLock<Option<HashMap<TypeId, &'static (dyn Any + Send + Sync)>>> =
            RwLock::new(None);
        let known = |codecs: &Option<HashMap<TypeId, &'static (dyn Any + Send + Sync)>>| {
            codecs
                .as_ref()?
                .get(&TypeId::of::<E>())?
                .downcast_ref::<Self>()
        };
        if let Some(codec) = known(&CODECS.read().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(codec);
        }
        let codec = Self::new()?;
        let mut codecs = CODECS.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(codec) = known(&codecs) {
            return Ok(codec);
        }
        let codec: &'static Self = Box::leak(Box::new(codec));
        codecs
            .get_or_insert_default()
            .insert(TypeId::of::<E>(), codec);
        Ok(codec)
    }

    /// The schema of the type.
    pub fn schema(&self) -> &Arc<EventSchema> {
        &self.schema
    }

    /// The event as Avro in single-object encoding.
    ///
    /// # Errors
    /// When the Rust type doesn't fit its schema.
    pub fn encode(&self, event: &E) -> Result<Vec<u8>, EncodeError> {
        let mut framed = Vec::with_capacity(256);
        framed.extend_from_slice(&SINGLE_OBJECT_MAGIC);
        framed.extend_from_slice(&self.schema.fingerprint().to_le_bytes());
        match self.writer.write_ser(&mut framed, event) {
            Ok(_) => Ok(framed),
            Err(error) => Err(EncodeError {
                event: E::NAME,
                version: E::VERSION,
                reason: error.to_string(),
            }),
        }
    }

    /// Decodes a payload of any known version into the newest type. Avro is guarded by the catalog's limits.
    ///
    /// # Errors
    /// See [`DecodeError`].
    pub fn decode(
        &self,
        envelope: &Envelope,
        headers: &Headers,
        payload: &Payload<'_>,
        catalog: &Catalog,
    ) -> Result<E, DecodeError> {
        match payload {
            Payload::None => Err(DecodeError::Tombstone {
                event: E::NAME.to_owned(),
            }),
            Payload::Json(value) => self.json(value),
            Payload::Other(_) => Err(DecodeError::ContentType {
                event: E::NAME.to_owned(),
                content_type: envelope.content_type.clone().unwrap_or_default(),
            }),
            Payload::Avro(value) => self.avro(envelope, headers, value, catalog),
        }
    }

    fn avro(
        &self,
        envelope: &Envelope,
        headers: &Headers,
        value: &[u8],
        catalog: &Catalog,
    ) -> Result<E, DecodeError> {
        let limits = catalog.limits();
        self.schema.measure(value, &limits)?;
        if let (framing::Framing::SingleObject(fingerprint), body) = framing::detect(headers, value)
            && fingerprint == self.schema.fingerprint()
            && envelope
                .schema_version()
                .is_none_or(|named| named == (E::NAME, E::VERSION))
        {
            self.schema.check(body, &limits)?;
            return self.typed(body);
        }
        let own = self.own.writer(envelope, headers, value);
        let (writer, body) = own.or_else(|_| catalog.writer(envelope, headers, value))?;
        writer.check(body, &limits)?;
        match &*self.way(&writer) {
            Way::Direct => self.typed(body),
            Way::Upgrade => E::upgrade(writer.version(), &writer, body).unwrap_or_else(|| {
                Err(self.incompatible(&writer, "the type has no upgrade from it"))
            }),
            Way::Resolve(plan) => {
                if let Some(reason) = plan.hopeless() {
                    return Err(self.incompatible(&writer, reason));
                }
                let body = plan
                    .run(writer.shape(), body, limits)
                    .map_err(|fault| writer.malformed(fault))?;
                self.typed(&body)
            }
        }
    }

    /// A body of this type's schema that has passed the guards.
    fn typed(&self, mut body: &[u8]) -> Result<E, DecodeError> {
        self.reader
            .read_deser(&mut body)
            .map_err(|error| misfit(&self.schema, &error))
    }

    fn incompatible(&self, writer: &EventSchema, reason: &str) -> DecodeError {
        DecodeError::Incompatible {
            event: E::NAME.to_owned(),
            writer: writer.version(),
            reader: E::VERSION,
            reason: reason.to_owned(),
        }
    }

    fn way(&self, writer: &EventSchema) -> Arc<Way> {
        let id = (writer.fingerprint(), writer.version());
        if let Some(way) = self
            .plans
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&id)
        {
            return way.clone();
        }
        let way = Arc::new(self.plan(writer));
        let mut plans = self.plans.write().unwrap_or_else(PoisonError::into_inner);
        if plans.len() < MAX_PLANS {
            plans.insert(id, way.clone());
        }
        way
    }

    fn plan(&self, writer: &EventSchema) -> Way {
        let newer = self
            .own
            .versions(E::NAME)
            .into_iter()
            .filter(|schema| schema.version() > writer.version());
        if writer.version() == E::VERSION && writer.fingerprint() == self.schema.fingerprint() {
            Way::Direct
        } else if newer.into_iter().any(|schema| schema.needs_upgrade()) {
            Way::Upgrade
        } else {
            Way::Resolve(Plan::of(writer.shape(), self.schema.shape()))
        }
    }

    /// JSON data of foreign writers: fields that are absent take the schema's defaults.
    fn json(&self, value: &Value) -> Result<E, DecodeError> {
        let mut value = value.clone();
        if let Value::Object(object) = &mut value {
            for field in self.schema.shape().fields() {
                if let Some(default) = field
                    .default
                    .as_ref()
                    .filter(|_| !object.contains_key(&field.name))
                {
                    object.insert(field.name.clone(), default.clone());
                }
            }
        }
        serde_json::from_value(value).map_err(|error| DecodeError::Type {
            event: E::NAME.to_owned(),
            version: E::VERSION,
            reason: error.to_string(),
        })
    }
}

/// Decodes an unframed body into a type of the writer's own version, behind the default guards. For `upgrade` functions.
///
/// # Errors
/// See [`DecodeError`].
pub fn decode_body<T: DeserializeOwned>(
    writer: &EventSchema,
    mut body: &[u8],
) -> Result<T, DecodeError> {
    writer.check(body, &Limits::DEFAULT)?;
    let reader = GenericDatumReader::builder(writer.avro())
        .human_readable(true)
        .build();
    let reader = reader.map_err(|error| misfit(writer, &error))?;
    reader
        .read_deser(&mut body)
        .map_err(|error| misfit(writer, &error))
}

fn misfit(schema: &EventSchema, error: &apache_avro::Error) -> DecodeError {
    DecodeError::Type {
        event: schema.event().to_owned(),
        version: schema.version(),
        reason: error.to_string(),
    }
}

/// The schema for the whole run of the process, once per event and version of a Rust type: readers and writers borrow it.
fn interned(schema: &EventSchema) -> &'static Schema {
    static SCHEMAS: Mutex<Vec<(String, &'static Schema)>> = Mutex::new(Vec::new());
    let mut schemas = SCHEMAS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, known)) = schemas.iter().find(|(json, _)| json == schema.json()) {
        return known;
    }
    let known: &'static Schema = Box::leak(Box::new(schema.avro().clone()));
    schemas.push((schema.json().to_owned(), known));
    known
}
