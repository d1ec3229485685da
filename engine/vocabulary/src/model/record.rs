//! One row of telemetry: a fixed set of 64-bit cells and host-given names, each present or absent.
//!
//! Every table of a recording is declared once, with the [`record!`] macro: the Rust accessors, the
//! log encoding, the Parquet columns, `ks schema` and `ks dump` all follow from that declaration.
//! A cell that was not seen is absent, never zero. This file knows nothing of files or encodings.

use alloc::vec::Vec;
use core::cmp::Ordering;

/// What the 64 bits of a cell mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellType {
    /// Unsigned integer.
    U64,
    /// Signed integer, two's complement.
    I64,
    /// IEEE 754 double, by its bits.
    F64,
    /// 0 or 1.
    Bool,
}

/// How a column behaves over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Only grows until its entity restarts; shown as a rate.
    Counter,
    /// A level at the instant of the reading.
    Gauge,
    /// Part of the row's identity within its table.
    Key,
    /// Describes the entity; seldom changes.
    Label,
}

/// One 64-bit column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Column name, unit last.
    pub name: &'static str,
    /// Meaning of the bits.
    pub cell_type: CellType,
    /// Behaviour over time.
    pub class: Class,
    /// Unit, `1` where there is none.
    pub unit: &'static str,
    /// Where the value comes from and what it means.
    pub doc: &'static str,
}

/// One column of bytes given by the host, which need not be UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NameColumn {
    /// Column name.
    pub name: &'static str,
    /// Key or label.
    pub class: Class,
    /// Where the value comes from and what it means.
    pub doc: &'static str,
}

/// A table whose row is always there once, or a list of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One row for the host.
    One,
    /// A row for each entity, sorted by key.
    Many,
}

/// The declaration of one table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schema {
    /// Name of the table, which is the column's name under `sample`.
    pub table: &'static str,
    /// The source whose state explains the table's absence.
    pub source: &'static str,
    /// One row or many.
    pub shape: Shape,
    /// What a row is.
    pub doc: &'static str,
    /// Byte columns, before the cells in order.
    pub names: &'static [NameColumn],
    /// 64-bit columns.
    pub cells: &'static [Column],
}

/// A Rust type that can be a cell.
pub trait CellValue: Copy {
    /// Meaning of the bits.
    const TYPE: CellType;
    /// The bits.
    fn to_bits(self) -> u64;
    /// The value of the bits.
    fn from_bits(bits: u64) -> Self;
}

impl CellValue for u64 {
    const TYPE: CellType = CellType::U64;
    fn to_bits(self) -> u64 {
        self
    }
    fn from_bits(bits: u64) -> Self {
        bits
    }
}

impl CellValue for i64 {
    const TYPE: CellType = CellType::I64;
    fn to_bits(self) -> u64 {
        self.cast_unsigned()
    }
    fn from_bits(bits: u64) -> Self {
        bits.cast_signed()
    }
}

impl CellValue for f64 {
    const TYPE: CellType = CellType::F64;
    fn to_bits(self) -> u64 {
        f64::to_bits(self)
    }
    fn from_bits(bits: u64) -> Self {
        f64::from_bits(bits)
    }
}

impl CellValue for bool {
    const TYPE: CellType = CellType::Bool;
    fn to_bits(self) -> u64 {
        u64::from(self)
    }
    fn from_bits(bits: u64) -> Self {
        bits != 0
    }
}

/// A row of a table declared with [`record!`].
///
/// Bit `i` of the presence mask stands for cell `i`, and bit `cells + j` for name `j`. An absent
/// cell holds 0 and an absent name is empty, so two rows are equal when their parts are.
pub trait Record: Default + Clone + PartialEq + core::fmt::Debug {
    /// Byte columns.
    const NAMES: &'static [NameColumn];
    /// 64-bit columns.
    const CELLS: &'static [Column];
    /// Mask, cells and names, for encoders.
    fn row(&self) -> RowRef<'_>;
    /// Mask, cells and names, for decoders.
    fn row_mut(&mut self) -> RowMut<'_>;
    /// Order by key, the order of rows within a table.
    fn cmp_key(&self, other: &Self) -> Ordering;
}

/// A row for writing without knowledge of its type.
#[derive(Debug)]
pub struct RowMut<'a> {
    /// Presence mask.
    pub present: &'a mut u64,
    /// Cells in declared order.
    pub cells: &'a mut [u64],
    /// Names in declared order.
    pub names: &'a mut [Vec<u8>],
}

impl RowMut<'_> {
    /// Sets one cell by its index.
    pub fn set_cell(&mut self, index: usize, bits: u64) {
        self.cells[index] = bits;
        *self.present |= 1 << index;
    }

    /// Makes one cell absent.
    pub fn unset_cell(&mut self, index: usize) {
        self.cells[index] = 0;
        *self.present &= !(1 << index);
    }

    /// Copies another row of the same table into this one's buffers.
    pub fn copy_from(&mut self, from: RowRef<'_>) {
        *self.present = from.present;
        self.cells.copy_from_slice(from.cells);
        for (to, from) in self.names.iter_mut().zip(from.names) {
            if !same_bytes(to, from) {
                to.clear();
                to.extend_from_slice(from);
            }
        }
    }

    /// Sets one name by its index.
    pub fn set_name(&mut self, index: usize, bytes: &[u8]) {
        self.names[index].clear();
        self.names[index].extend_from_slice(bytes);
        *self.present |= 1 << (self.cells.len() + index);
    }

    /// Makes every part absent, keeping the names' buffers.
    pub fn clear(&mut self) {
        *self.present = 0;
        self.cells.fill(0);
        for name in self.names.iter_mut() {
            name.clear();
        }
    }
}

/// Equality of two names, most of which are empty. An empty `Vec` points at no memory, and a
/// vectorised comparison of no bytes there costs some processors hundreds of cycles.
pub fn same_bytes(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && (one.is_empty() || one == other)
}

/// A row for reading without knowledge of its type.
#[derive(Debug, Clone, Copy)]
pub struct RowRef<'a> {
    /// Presence mask.
    pub present: u64,
    /// Cells in declared order, 0 where absent.
    pub cells: &'a [u64],
    /// Names in declared order, empty where absent.
    pub names: &'a [Vec<u8>],
}

impl<'a> RowRef<'a> {
    /// The bits of cell `index`, if it was seen.
    pub fn cell(&self, index: usize) -> Option<u64> {
        (self.present >> index & 1 == 1).then(|| self.cells[index])
    }

    /// The bytes of name `index`, if it was seen.
    pub fn name(&self, index: usize) -> Option<&'a [u8]> {
        (self.present >> (self.cells.len() + index) & 1 == 1).then(|| self.names[index].as_slice())
    }
}

/// Declares a table's row type, its cells, names, accessors and key order.
///
/// `$cell_index` and `$name_index` become enums whose variants are the columns: the names by which
/// samplers set values, checked when compiled.
macro_rules! record {
    (
        $(#[doc = $doc:literal])+
        pub struct $ty:ident, $cell_index:ident, $name_index:ident {
            key [$($key_name:ident),*] [$($key_cell:ident),*];
            $( name $name:ident: $name_class:ident, $name_doc:literal; )*
            $( cell $cell:ident: $cell_ty:ty, $class:ident, $unit:literal, $cell_doc:literal; )+
        }
    ) => {
        #[doc = concat!("Index of a cell of [`", stringify!($ty), "`].")]
        #[expect(non_camel_case_types, reason = "variants are the column names")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $cell_index { $( #[doc = $cell_doc] $cell, )+ }

        #[doc = concat!("Index of a name of [`", stringify!($ty), "`].")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name_index {
            $(
                #[doc = $name_doc]
                #[expect(non_camel_case_types, reason = "variants are the column names")]
                $name,
            )*
        }

        $(#[doc = $doc])+
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $ty {
            present: u64,
            cells: [u64; $ty::CELL_COUNT],
            names: [alloc::vec::Vec<u8>; $ty::NAME_COUNT],
        }

        impl Default for $ty {
            fn default() -> Self {
                Self {
                    present: 0,
                    cells: [0; $ty::CELL_COUNT],
                    names: core::array::from_fn(|_| alloc::vec::Vec::new()),
                }
            }
        }

        impl $crate::model::record::Record for $ty {
            const NAMES: &'static [$crate::model::record::NameColumn] = &[$(
                $crate::model::record::NameColumn {
                    name: stringify!($name),
                    class: $crate::model::record::Class::$name_class,
                    doc: $name_doc,
                },
            )*];
            const CELLS: &'static [$crate::model::record::Column] = &[$(
                $crate::model::record::Column {
                    name: stringify!($cell),
                    cell_type: <$cell_ty as $crate::model::record::CellValue>::TYPE,
                    class: $crate::model::record::Class::$class,
                    unit: $unit,
                    doc: $cell_doc,
                },
            )+];
            fn row(&self) -> $crate::model::record::RowRef<'_> {
                $crate::model::record::RowRef {
                    present: self.present, cells: &self.cells, names: &self.names,
                }
            }
            fn row_mut(&mut self) -> $crate::model::record::RowMut<'_> {
                $crate::model::record::RowMut {
                    present: &mut self.present, cells: &mut self.cells, names: &mut self.names,
                }
            }
            fn cmp_key(&self, other: &Self) -> core::cmp::Ordering {
                let _ = other;
                core::cmp::Ordering::Equal
                    $( .then_with(|| self.$key_name().cmp(&other.$key_name())) )*
                    $( .then_with(|| self.$key_cell().cmp(&other.$key_cell())) )*
            }
        }

        impl $ty {
            const CELL_COUNT: usize = [$( stringify!($cell) ),+].len();
            const NAME_COUNT: usize = {
                let names: &[&str] = &[$( stringify!($name) ),*];
                names.len()
            };
            const FITS: () = assert!(Self::CELL_COUNT + Self::NAME_COUNT <= 64);

            $(
                #[doc = $name_doc]
                pub fn $name(&self) -> Option<&[u8]> {
                    let index = $name_index::$name as usize;
                    (self.present >> (Self::CELL_COUNT + index) & 1 == 1)
                        .then(|| self.names[index].as_slice())
                }
            )*
            $(
                #[doc = $cell_doc]
                pub fn $cell(&self) -> Option<$cell_ty> {
                    let index = $cell_index::$cell as usize;
                    (self.present >> index & 1 == 1).then(|| {
                        <$cell_ty as $crate::model::record::CellValue>::from_bits(self.cells[index])
                    })
                }
            )+

            /// Sets one cell; the value's type must be the column's.
            pub fn set<V: $crate::model::record::CellValue>(
                &mut self, cell: $cell_index, value: V,
            ) {
                const { Self::FITS };
                let index = cell as usize;
                debug_assert_eq!(
                    V::TYPE, <Self as $crate::model::record::Record>::CELLS[index].cell_type,
                    "column {cell:?}"
                );
                self.cells[index] = value.to_bits();
                self.present |= 1 << index;
            }

            /// Sets one cell where there is a value, and leaves it absent where there is none.
            pub fn set_some<V: $crate::model::record::CellValue>(
                &mut self, cell: $cell_index, value: Option<V>,
            ) {
                if let Some(value) = value {
                    self.set(cell, value);
                }
            }

            /// Sets one name.
            pub fn set_name(&mut self, which: $name_index, bytes: &[u8]) {
                $crate::model::record::Record::row_mut(self).set_name(which as usize, bytes);
            }
        }
    };
}

pub(super) use record;
