//! A systemd that is played: it says what D-Bus says, to a bus or to whoever connects, holds one
//! unit at its limits, and writes the files of its group some time after it said so.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::{sleep, spawn};
use std::time::Duration;

use rustix::net::{RecvFlags, recv};
use serde::de::DeserializeOwned;
use serde::ser::{Serialize, SerializeStruct, Serializer};
use zbus::wire::serialized::{Context, Data};
use zbus::wire::{DynamicType, Endian, Type, to_bytes};
use zbus::{OwnedVariant, Signature, Variant};

const LATER: Duration = Duration::from_millis(20);
const OBJECT: &str = "/org/freedesktop/systemd1/unit/played";
/// As systemd says that there is none.
pub(crate) const NONE: u64 = u64::MAX;

type Header<V> = (u8, u8, u8, u8, u32, u32, Vec<(u8, V)>);

/// The unit, and what was asked of it.
pub(crate) struct Unit {
    pub(crate) path: String,
    pub(crate) is_loaded: bool,
    pub(crate) takes: bool,
    /// It says nothing of itself, and why.
    pub(crate) is_closed: bool,
    pub(crate) held: BTreeMap<String, u64>,
    pub(crate) disks: BTreeMap<String, Vec<(String, u64)>>,
    pub(crate) asked: Vec<String>,
    pub(crate) folder: PathBuf,
}

impl Unit {
    pub(crate) fn name(&self) -> &str {
        self.path.rsplit_once('/').unwrap().1
    }

    /// As at a reload: whatever was written behind its back is gone. Without a quota there is no
    /// file of it, and nothing of a disk without a limit.
    pub(crate) fn write_files(&self) {
        let held = |property: &str| self.held.get(property).copied().unwrap_or(NONE);
        let or_max = |most: u64| if most == NONE { "max".to_owned() } else { most.to_string() };
        let write = |file: &str, text: String| {
            fs::write(self.folder.join(file), format!("{text}\n")).unwrap();
        };
        write("pids.max", or_max(held("TasksMax")));
        write("memory.high", or_max(held("MemoryHigh")));
        let weight = held("CPUWeight");
        write("cpu.weight", (if weight == NONE { 100 } else { weight }).to_string());
        match held("CPUQuotaPerSecUSec") {
            NONE => {
                let _ = fs::remove_file(self.folder.join("cpu.max"));
            }
            quota => write("cpu.max", format!("{} 100000", quota / 10)),
        }
        let read = self.disks.get("IOReadBandwidthMax").cloned().unwrap_or_default();
        let line = |(path, most): &(String, u64)| {
            use std::os::unix::fs::MetadataExt;
            let disk = fs::metadata(path).unwrap().rdev();
            let (major, minor) = (rustix::fs::major(disk), rustix::fs::minor(disk));
            format!("{major}:{minor} rbps={most} wbps=max riops=max wiops=max")
        };
        let lines: Vec<String> = read.iter().map(line).collect();
        fs::write(self.folder.join("io.max"), lines.join("\n") + "\n").unwrap();
    }

    fn set(&mut self, name: &str, runtime: bool, properties: Vec<(String, OwnedVariant)>) {
        assert!(name == self.name() && runtime, "{name} {runtime}");
        for (property, value) in properties {
            if let Ok(most) = u64::try_from(&*value) {
                self.asked.push(format!("{property}={most}"));
                self.held.insert(property, most);
                continue;
            }
            let limits: Vec<(String, u64)> = value.try_into().unwrap();
            self.asked.push(format!("{property}={limits:?}"));
            let all = self.disks.entry(property).or_default();
            for (path, most) in limits {
                all.retain(|(known, _)| *known != path);
                all.extend((most != NONE).then_some((path, most)));
            }
        }
    }

    fn get(&self, property: &str) -> Variant<'static> {
        match property {
            "LoadState" if self.is_loaded => "loaded".into(),
            "LoadState" => "not-found".into(),
            "ControlGroup" => self.path.clone().into(),
            "CPUQuotaPerSecUSec" | "CPUWeight" | "MemoryHigh" | "TasksMax" | "IOWeight" => {
                self.held.get(property).copied().unwrap_or(NONE).into()
            }
            _ => self.disks.get(property).cloned().unwrap_or_default().into(),
        }
    }
}

/// As a message names the types of its arguments: side by side.
enum Field {
    Of(Variant<'static>),
    Types(String),
}

impl Type for Field {
    const SIGNATURE: &'static Signature = &Signature::Variant;
}

impl Serialize for Field {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self::Types(types) = self else {
            let Self::Of(value) = self else { unreachable!("it is one of two") };
            return value.serialize(serializer);
        };
        let mut parts = serializer.serialize_struct("Variant", 2)?;
        parts.serialize_field("signature", &Signature::Signature)?;
        parts.serialize_field("value", types)?;
        parts.end()
    }
}

fn send<T>(stream: &mut UnixStream, kind: u8, fields: Vec<(u8, Field)>, arguments: &T)
where
    T: Serialize + DynamicType,
{
    let at_zero = Context::new(Endian::Little, 0);
    let body = to_bytes(at_zero, arguments).unwrap();
    let mut fields = fields;
    if !body.bytes().is_empty() {
        fields.push((8, Field::Types(arguments.signature().to_string_no_parens())));
    }
    let len = u32::try_from(body.len()).unwrap();
    let header: Header<Field> = (b'l', kind, 0, 1, len, 1, fields);
    let mut bytes = to_bytes(at_zero, &header).unwrap().bytes().to_vec();
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    bytes.extend(body.bytes());
    stream.write_all(&bytes).unwrap();
}

struct Came {
    kind: u8,
    serial: u32,
    fields: Vec<(u8, OwnedVariant)>,
    body: Vec<u8>,
}

impl Came {
    fn read(stream: &mut impl Read) -> Option<Self> {
        let mut bytes = vec![0; 16];
        stream.read_exact(&mut bytes).ok()?;
        assert_eq!(bytes[0], b'l');
        let number = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
        let (body, fields) = (number(4) as usize, number(12) as usize);
        let head = (16 + fields).next_multiple_of(8);
        bytes.resize(head + body, 0);
        stream.read_exact(&mut bytes[16..]).ok()?;
        let data = Data::new(bytes.as_slice(), Context::new(Endian::Little, 0));
        let (header, _): (Header<OwnedVariant>, usize) = data.deserialize().unwrap();
        let (_, kind, _, _, _, serial, fields) = header;
        Some(Self { kind, serial, fields, body: bytes[head..].to_vec() })
    }

    fn text(&self, code: u8) -> Option<String> {
        let (_, value) = self.fields.iter().find(|(field, _)| *field == code)?;
        String::try_from(&**value).ok()
    }

    fn arguments<T: DeserializeOwned + Type>(&self) -> T {
        Data::new(self.body.as_slice(), Context::new(Endian::Little, 0)).deserialize().unwrap().0
    }

    fn fields(&self) -> Vec<(u8, Field)> {
        let sender = self.text(7).map(|sender| (6, Field::Of(sender.into())));
        [(5, Field::Of(self.serial.into()))].into_iter().chain(sender).collect()
    }
}

fn refuse(stream: &mut UnixStream, came: &Came, name: &'static str, text: &str) {
    let mut fields = came.fields();
    fields.push((4, Field::Of(name.into())));
    send(stream, 3, fields, &(text,));
}

fn answer(stream: &mut UnixStream, came: &Came, unit: &Mutex<Unit>) {
    let mut unit = unit.lock().unwrap();
    match came.text(3).unwrap().as_str() {
        "Ping" => send(stream, 2, came.fields(), &()),
        "LoadUnit" if unit.is_closed => {
            refuse(stream, came, "org.freedesktop.DBus.Error.AccessDenied", "Access denied");
        }
        "LoadUnit" => {
            let object = zbus::ObjectPath::try_from(OBJECT).unwrap();
            send(stream, 2, came.fields(), &(object,));
        }
        "Get" => {
            let (_, property): (String, String) = came.arguments();
            send(stream, 2, came.fields(), &(unit.get(&property),));
        }
        "SetUnitProperties" if unit.takes => {
            let (name, runtime, properties) = came.arguments::<(String, bool, Vec<_>)>();
            unit.set(&name, runtime, properties);
            send(stream, 2, came.fields(), &());
            sleep(LATER);
            unit.write_files();
        }
        _ => refuse(stream, came, "org.freedesktop.systemd1.NoSuchUnit", "Unit is not loaded."),
    }
}

fn serve(mut stream: UnixStream, mut from: impl Read, unit: &Mutex<Unit>) {
    while let Some(came) = Came::read(&mut from) {
        if came.kind == 1 {
            answer(&mut stream, &came, unit);
        }
    }
}

/// Has its name on a bus.
pub(crate) fn on_bus(bus: &Path, unit: Arc<Mutex<Unit>>) {
    let mut stream = UnixStream::connect(bus).unwrap();
    stream.write_all(b"\0AUTH EXTERNAL 30\r\n").unwrap();
    let mut lines = BufReader::new(stream.try_clone().unwrap());
    lines.read_line(&mut String::new()).unwrap();
    stream.write_all(b"BEGIN\r\n").unwrap();
    let call = |member: &'static str| {
        let path = zbus::ObjectPath::try_from("/org/freedesktop/DBus").unwrap();
        let texts = [(2, "org.freedesktop.DBus"), (3, member), (6, "org.freedesktop.DBus")];
        let texts = texts.map(|(code, text)| (code, Field::Of(text.into())));
        [(1, Field::Of(path.into()))].into_iter().chain(texts).collect()
    };
    send(&mut stream, 1, call("Hello"), &());
    send(&mut stream, 1, call("RequestName"), &("org.freedesktop.systemd1", 4_u32));
    // Three answers and signals, of which the last says that it has the name.
    while Came::read(&mut lines).unwrap().text(3).is_none_or(|member| member != "NameAcquired") {}
    spawn(move || serve(stream, lines, &unit));
}

/// Waits for whoever connects to its own socket.
pub(crate) fn on_own_socket(path: &Path, unit: Arc<Mutex<Unit>>) {
    let listener = UnixListener::bind(path).unwrap();
    spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap());
            let mut line = String::new();
            lines.read_line(&mut line).unwrap();
            assert_eq!(line, "\0AUTH EXTERNAL 30\r\n");
            stream.write_all(b"OK 0123456789abcdef0123456789abcdef\r\n").unwrap();
            line.clear();
            // As systemd does: what came with the last line waits for what comes next.
            sleep(LATER);
            lines.read_line(&mut line).unwrap();
            assert_eq!(line, "BEGIN\r\n");
            if !lines.buffer().is_empty() {
                recv(&stream, &mut [0; 1][..], RecvFlags::PEEK).unwrap();
            }
            serve(stream, lines, &unit);
        }
    });
}
