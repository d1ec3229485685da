//! Messages of D-Bus as bytes: what is called, and what came of it.
//!
//! A message is a struct of fixed begin and a list of fields, filled up to eight bytes, and the
//! arguments behind it. Both are written and read by the wire format of `zbus`, of which nothing
//! else is built: its connections have threads, and who is in a sandbox may make none.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde::ser::{SerializeStruct, Serializer};
use zbus::wire::serialized::{Context, Data};
use zbus::wire::{DynamicType, Endian, Type, to_bytes};
use zbus::{OwnedVariant, Signature, Variant};

/// What systemd says is short.
const BYTES_MAX: usize = 1 << 20;
/// Bytes before the fields, with their length.
pub(crate) const HEAD_BYTES: usize = 16;
/// Kinds of messages that are told apart.
const CALL: u8 = 1;
const REPLY: u8 = 2;
const ERROR: u8 = 3;
/// Nobody is started by a call.
const NO_AUTO_START: u8 = 2;
const VERSION: u8 = 1;
/// Fields of a message.
const PATH: u8 = 1;
const INTERFACE: u8 = 2;
const MEMBER: u8 = 3;
const ERROR_NAME: u8 = 4;
const REPLY_SERIAL: u8 = 5;
const DESTINATION: u8 = 6;
const SIGNATURE: u8 = 8;

/// Begin and fields of a message.
type Header<V> = (u8, u8, u8, u8, u32, u32, Vec<(u8, V)>);

/// A field that is written.
enum Field<'a> {
    Of(Variant<'a>),
    /// Types of the arguments: they stand side by side, and in no struct.
    Types(String),
}

impl Type for Field<'_> {
    const SIGNATURE: &'static Signature = &Signature::Variant;
}

impl Serialize for Field<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Of(value) => value.serialize(serializer),
            Self::Types(types) => {
                // As `zbus` writes a variant.
                let mut parts = serializer.serialize_struct("Variant", 2)?;
                parts.serialize_field("signature", &Signature::Signature)?;
                parts.serialize_field("value", types)?;
                parts.end()
            }
        }
    }
}

/// A method that is called.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call<'a> {
    /// Who has it.
    pub(crate) destination: &'a str,
    /// Of which object.
    pub(crate) path: &'a str,
    /// Of which interface.
    pub(crate) interface: &'a str,
    /// Its name.
    pub(crate) member: &'a str,
}

impl Call<'_> {
    /// Its bytes, with a number by which the answer is known, and its arguments.
    pub(crate) fn bytes<T>(&self, serial: u32, arguments: &T) -> zbus::Result<Vec<u8>>
    where
        T: Serialize + DynamicType,
    {
        let at_zero = Context::new(Endian::Little, 0);
        let body = to_bytes(at_zero, arguments)?;
        let path = zbus::ObjectPath::try_from(self.path)?;
        let mut fields: Vec<(u8, Field<'_>)> = vec![
            (PATH, Field::Of(path.into())),
            (INTERFACE, Field::Of(self.interface.into())),
            (MEMBER, Field::Of(self.member.into())),
            (DESTINATION, Field::Of(self.destination.into())),
        ];
        if !body.bytes().is_empty() {
            fields.push((SIGNATURE, Field::Types(arguments.signature().to_string_no_parens())));
        }
        let len = u32::try_from(body.len()).map_err(|_| zbus::Error::OutOfBounds)?;
        let header: Header<_> = (b'l', CALL, NO_AUTO_START, VERSION, len, serial, fields);
        let mut bytes = to_bytes(at_zero, &header)?.bytes().to_vec();
        bytes.resize(bytes.len().next_multiple_of(8), 0);
        bytes.extend_from_slice(body.bytes());
        Ok(bytes)
    }
}

/// A message that came.
#[derive(Debug)]
pub(crate) struct Message {
    kind: u8,
    fields: Vec<(u8, OwnedVariant)>,
    body: Vec<u8>,
    endian: Endian,
}

/// Bytes of a whole message by those of its head.
pub(crate) fn bytes_of(head: &[u8; HEAD_BYTES]) -> zbus::Result<usize> {
    let endian = endian_of(head[0])?;
    let number = |at: usize| {
        let bytes = [head[at], head[at + 1], head[at + 2], head[at + 3]];
        let number = match endian {
            Endian::Little => u32::from_le_bytes(bytes),
            Endian::Big => u32::from_be_bytes(bytes),
        };
        usize::try_from(number).ok().filter(|len| *len <= BYTES_MAX)
    };
    let (body, fields) = (number(4), number(12));
    let (body, fields) = body.zip(fields).ok_or(zbus::Error::OutOfBounds)?;
    Ok((HEAD_BYTES + fields).next_multiple_of(8) + body)
}

fn endian_of(mark: u8) -> zbus::Result<Endian> {
    match mark {
        b'l' => Ok(Endian::Little),
        b'B' => Ok(Endian::Big),
        _ => Err(zbus::Error::IncorrectEndian),
    }
}

impl Message {
    /// Reads a whole one.
    pub(crate) fn read(bytes: &[u8]) -> zbus::Result<Self> {
        let endian = endian_of(bytes.first().copied().unwrap_or_default())?;
        let data = Data::new(bytes, Context::new(endian, 0));
        let (header, len): (Header<OwnedVariant>, usize) = data.deserialize()?;
        let (_, kind, _, _, _, _, fields) = header;
        let body = bytes.get(len.next_multiple_of(8)..).ok_or(zbus::Error::OutOfBounds)?;
        Ok(Self { kind, fields, body: body.to_vec(), endian })
    }

    fn field(&self, code: u8) -> Option<&Variant<'_>> {
        self.fields.iter().find(|(field, _)| *field == code).map(|(_, value)| &**value)
    }

    /// Whether it is the answer to the call of a number.
    pub(crate) fn answers(&self, serial: u32) -> bool {
        let number = self.field(REPLY_SERIAL).and_then(|value| u32::try_from(value).ok());
        matches!(self.kind, REPLY | ERROR) && number == Some(serial)
    }

    /// The name of the error that it tells, with what is said about it.
    pub(crate) fn error(&self) -> Option<(String, String)> {
        if self.kind != ERROR {
            return None;
        }
        let name = self.field(ERROR_NAME).and_then(|name| String::try_from(name).ok());
        let text = self.arguments::<(String,)>().map(|(text,)| text);
        Some((name.unwrap_or_default(), text.unwrap_or_default()))
    }

    /// Its arguments, where they are of these types.
    pub(crate) fn arguments<T: DeserializeOwned + Type>(&self) -> zbus::Result<T> {
        let wanted = T::SIGNATURE.to_string_no_parens();
        let found = match self.field(SIGNATURE) {
            Some(Variant::Signature(found)) => found.to_string_no_parens(),
            _ => String::new(),
        };
        if found != wanted {
            return Err(zbus::Error::SignatureMismatch(T::SIGNATURE.clone(), found));
        }
        let data = Data::new(self.body.as_slice(), Context::new(self.endian, 0));
        Ok(data.deserialize()?.0)
    }
}

#[cfg(test)]
mod tests;
