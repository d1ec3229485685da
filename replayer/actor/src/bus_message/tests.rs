//! Bytes as the specification of D-Bus has them, and bytes that are no message.

use proptest::prelude::*;

use super::*;

const CALL_OF_SET: Call<'static> = Call {
    destination: "org.freedesktop.systemd1",
    path: "/org/freedesktop/systemd1",
    interface: "org.freedesktop.systemd1.Manager",
    member: "SetUnitProperties",
};

fn message(bytes: &[u8]) -> Message {
    assert_eq!(bytes_of(bytes.first_chunk().unwrap()).unwrap(), bytes.len());
    Message::read(bytes).unwrap()
}

/// Fields and arguments at their places, written down by hand.
#[test]
fn a_call_is_the_bytes_that_the_specification_says() {
    let arguments = ("a.service", true, vec![("TasksMax", Variant::from(300_u64))]);
    let bytes = CALL_OF_SET.bytes(7, &arguments).unwrap();
    let mut body = Vec::new();
    body.extend(b"\x09\0\0\0a.service\0\0\0");
    body.extend(b"\x01\0\0\0");
    // The list is 24 bytes long, and begins at a multiple of eight, as the number does.
    body.extend(b"\x18\0\0\0");
    body.extend(b"\x08\0\0\0TasksMax\0\x01t\0");
    body.extend(300_u64.to_le_bytes());
    let mut wanted = vec![b'l', 1, 2, 1];
    wanted.extend(u32::try_from(body.len()).unwrap().to_le_bytes());
    wanted.extend(7_u32.to_le_bytes());
    let mut fields = Vec::new();
    for (code, kind, text) in [
        (1, b'o', CALL_OF_SET.path),
        (2, b's', CALL_OF_SET.interface),
        (3, b's', CALL_OF_SET.member),
        (6, b's', CALL_OF_SET.destination),
    ] {
        fields.resize(fields.len().next_multiple_of(8), 0);
        fields.extend([code, 1, kind, 0]);
        fields.extend(u32::try_from(text.len()).unwrap().to_le_bytes());
        fields.extend(text.bytes().chain([0]));
    }
    fields.resize(fields.len().next_multiple_of(8), 0);
    fields.extend(b"\x08\x01g\0\x07sba(sv)\0");
    wanted.extend(u32::try_from(fields.len()).unwrap().to_le_bytes());
    wanted.extend(fields);
    wanted.resize(wanted.len().next_multiple_of(8), 0);
    wanted.extend(body);
    assert_eq!(bytes, wanted);
}

/// A reply of a bus: its numbers may stand the other way round.
#[test]
fn an_answer_is_read_whichever_way_its_numbers_stand() {
    for (mark, endian) in [(b'l', Endian::Little), (b'B', Endian::Big)] {
        let at_zero = Context::new(endian, 0);
        let body = to_bytes(at_zero, &("gone",)).unwrap();
        let fields: Vec<(u8, Variant<'_>)> = vec![
            (REPLY_SERIAL, 7_u32.into()),
            (ERROR_NAME, "org.freedesktop.systemd1.NoSuchUnit".into()),
            (SIGNATURE, Signature::Str.into()),
        ];
        let header: Header<_> = (mark, ERROR, 0, 1, 9, 3, fields);
        let mut bytes = to_bytes(at_zero, &header).unwrap().bytes().to_vec();
        bytes.resize(bytes.len().next_multiple_of(8), 0);
        bytes.extend(body.bytes());
        let message = message(&bytes);
        assert!(message.answers(7) && !message.answers(3), "{message:?}");
        let error = ("org.freedesktop.systemd1.NoSuchUnit".to_owned(), "gone".to_owned());
        assert_eq!(message.error(), Some(error));
        assert!(message.arguments::<(u64,)>().is_err(), "it is of another type");
    }
}

#[test]
fn a_call_is_no_answer_to_anybody() {
    let called = message(&CALL_OF_SET.bytes(7, &("x",)).unwrap());
    assert!(!called.answers(7) && called.error().is_none());
    assert_eq!(called.arguments::<(String,)>().unwrap().0, "x");
    let none = message(&CALL_OF_SET.bytes(8, &()).unwrap());
    assert!(none.arguments::<(String,)>().is_err() && none.body.is_empty());
}

#[test]
fn a_length_that_nobody_sends_is_refused() {
    let mut head = *b"l\x02\0\x01\0\0\0\0\x01\0\0\0\0\0\0\0";
    assert_eq!(bytes_of(&head).unwrap(), 16);
    head[7] = 0x7f;
    assert!(bytes_of(&head).is_err());
    head[0] = b'x';
    assert!(bytes_of(&head).is_err());
}

proptest! {
    #[test]
    fn what_is_no_message_is_never_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..99)) {
        if let Ok(message) = Message::read(&bytes) {
            let _ = (message.answers(1), message.error(), message.arguments::<(String,)>());
        }
        let mut marked = bytes;
        if let Some(first) = marked.first_mut() {
            *first = b'l';
        }
        let _ = Message::read(&marked).map(|message| message.error());
    }
}
