//! The Rust twins of the tracers' structs have the layout that the compiled objects carry (BTF).
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::collections::BTreeMap;

use ks_ebpf::descriptions::{BLOCK_IO, LIFETIME, MEMORY, PAGE_FAULT, SCHEDULER, SYSCALL, TCP};
use ks_ebpf::events::OBJECT as EVENTS;
use ks_ebpf::layout::TWINS;
use ks_ebpf::processes::OBJECT as PROCESSES;

fn u16_at(bytes: &[u8], at: usize) -> usize {
    usize::from(u16::from_le_bytes(bytes[at..at + 2].try_into().unwrap()))
}

fn u32_at(bytes: &[u8], at: usize) -> usize {
    usize::try_from(u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())).unwrap()
}

fn u64_at(bytes: &[u8], at: usize) -> usize {
    usize::try_from(u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())).unwrap()
}

fn text_at(bytes: &[u8], at: usize) -> &str {
    let end = bytes[at..].iter().position(|byte| *byte == 0).unwrap();
    std::str::from_utf8(&bytes[at..at + end]).unwrap()
}

/// A section of a 64-bit little-endian ELF file.
fn section<'a>(object: &'a [u8], name: &str) -> &'a [u8] {
    let (table, size, count) = (u64_at(object, 40), u16_at(object, 58), u16_at(object, 60));
    let header = |at: usize| &object[table + at * size..table + (at + 1) * size];
    let names = header(u16_at(object, 62));
    let names = &object[u64_at(names, 24)..];
    let found = (0..count).map(header).find(|header| text_at(names, u32_at(header, 0)) == name);
    let found = found.unwrap();
    let begin = u64_at(found, 24);
    &object[begin..begin + u64_at(found, 32)]
}

/// Size of a struct, and the offset in bytes of each of its fields.
type Struct = (usize, Vec<(String, usize)>);

/// The structs in a BTF section (Documentation/bpf/btf.rst of the kernel).
fn structs(btf: &[u8]) -> BTreeMap<String, Struct> {
    const STRUCT: usize = 4;
    let header = u32_at(btf, 4);
    let (types, length) = (header + u32_at(btf, 8), u32_at(btf, 12));
    let strings = &btf[header + u32_at(btf, 16)..];
    let mut found = BTreeMap::new();
    let mut at = types;
    while at < types + length {
        let (name, info, size) = (u32_at(btf, at), u32_at(btf, at + 4), u32_at(btf, at + 8));
        let (kind, members) = (info >> 24 & 0x1f, info & 0xffff);
        at += 12;
        if kind == STRUCT {
            let field = |member: usize| {
                let at = at + member * 12;
                (text_at(strings, u32_at(btf, at)).to_owned(), u32_at(btf, at + 8) / 8)
            };
            let fields = (0..members).map(field).collect();
            found.insert(text_at(strings, name).to_owned(), (size, fields));
        }
        at += match kind {
            // What follows an integer, a variable or a tag; an array.
            1 | 14 | 17 => 4,
            3 => 12,
            // Members, enumerators, parameters, entries of a section.
            4 | 5 | 15 | 19 => members * 12,
            6 | 13 => members * 8,
            _ => 0,
        };
    }
    found
}

#[test]
fn every_twin_has_the_layout_of_its_struct() {
    let tracers = [&SCHEDULER, &BLOCK_IO, &SYSCALL, &PAGE_FAULT, &MEMORY, &TCP, &LIFETIME];
    let mut known = structs(section(PROCESSES, ".BTF"));
    known.extend(structs(section(EVENTS, ".BTF")));
    for tracer in tracers {
        known.extend(structs(section(tracer.object, ".BTF")));
    }
    for (name, size, fields) in TWINS {
        let (c_size, c_fields) =
            known.get(*name).unwrap_or_else(|| panic!("{name} is in no object"));
        assert_eq!(size, c_size, "size of {name}");
        let c_fields: Vec<_> = c_fields.iter().map(|(name, at)| (name.as_str(), *at)).collect();
        assert_eq!(*fields, c_fields, "fields of {name}");
    }
}

#[test]
fn the_constants_of_the_layout_are_those_of_the_headers() {
    let numbers = [
        ("HISTOGRAM_BUCKETS", ks_ebpf::layout::BUCKETS),
        ("SYSCALL_NUMBERS", ks_ebpf::layout::SYSCALL_NUMBERS),
        ("SYSCALL_ERRORS", ks_ebpf::layout::SYSCALL_ERRORS),
        ("SYSCALL_CLASSES", ks_ebpf::layout::SYSCALL_CLASSES),
        ("TCP_STATES", ks_ebpf::layout::TCP_STATES),
        ("CGROUP_NAME_BYTES", ks_ebpf::layout::CGROUP_NAME_BYTES),
    ];
    let headers = [
        include_str!("../src/histogram.h"),
        include_str!("../src/syscall.h"),
        include_str!("../src/tcp.h"),
        include_str!("../src/memory.h"),
    ]
    .concat();
    for (name, value) in numbers {
        let line = format!("{name} = {value},");
        assert!(headers.contains(&line), "{line}");
    }
}
