//! The macro that makes one row of the catalogue a variant, a word, a form and a canonical text,
//! so that a form cannot be known in one place and forgotten in another.

use alloc::string::String;
use core::fmt;

use super::parameter::Parameter;
use super::risk::Risk;

/// A row is the variant with its word and its parameters; the canonical text; where it is
/// performed by a single write, the text that is written; blast, risk, undo and the kinds that it
/// answers; and what it does, in one line.
macro_rules! catalogue {
    ($(
        $variant:ident $name:literal $({ $($field:ident: $ty:ident),+ })?
        $grammar:literal $(=> $value:literal)?
        $blast:ident $risk:ident $undo:ident [$($kind:ident)*]
        $effect:literal;
    )+) => {
        /// One action with its parameters.
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub enum Action {$(
            #[doc = $effect]
            #[serde(rename = $name)]
            $variant $({$(
                #[doc = concat!("See [`", stringify!($ty), "`].")]
                $field: $ty,
            )+})?,
        )+}

        /// A form of action, without its parameters.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[derive(serde::Serialize, serde::Deserialize)]
        pub enum ActionKind {$(
            #[doc = $effect]
            #[serde(rename = $name)]
            $variant,
        )+}

        const FORMS: &[Form] = &[$(Form {
            kind: ActionKind::$variant,
            name: $name,
            fields: &[$($(Field {
                name: stringify!($field),
                accepts: <$ty as Parameter>::ACCEPTS,
            }),+)?],
            grammar: $grammar,
            blast: Blast::$blast,
            risk: Risk::$risk,
            undo: Undo::$undo,
            answers: &[$(Kind::$kind),*],
            effect: $effect,
        }),+];

        impl ActionKind {
            /// How many forms there are.
            pub const COUNT: usize = FORMS.len();

            /// Every form, in the order of the catalogue.
            pub const ALL: [Self; Self::COUNT] = [$(Self::$variant),+];

            /// What is said of the form.
            pub fn form(self) -> &'static Form {
                &FORMS[self as usize]
            }

            /// The word used in files and output.
            pub fn name(self) -> &'static str {
                self.form().name
            }
        }

        impl Action {
            /// Its form.
            pub fn kind(&self) -> ActionKind {
                match self {
                    $(Self::$variant { .. } => ActionKind::$variant,)+
                }
            }

            /// The word of its form.
            pub fn name(&self) -> &'static str {
                self.kind().name()
            }

            /// What it names, in the order of its parameters.
            pub fn targets(&self) -> Vec<Target<'_>> {
                match self {$(
                    Self::$variant $({ $($field),+ })? => {
                        let named: &[Option<Target<'_>>] = &[$($(Parameter::target($field)),+)?];
                        named.iter().flatten().copied().collect()
                    }
                )+}
            }

            /// One line of the closed grammar, for policies, approvals and the audit log. Nothing
            /// executes it.
            pub fn canonical(&self) -> Result<String, Unresolved> {
                match self {$(
                    Self::$variant $({ $($field),+ })? => {
                        $($(let $field = named($field, stringify!($field), Risk::$risk)?;)+)?
                        $($(let _ = &$field;)+)?
                        Ok(format!($grammar))
                    }
                )+}
            }

            /// What is written to a file to perform it, where a single write does: the kernel reads
            /// `15000:65000` and `20000:50000` otherwise than the canonical text means them.
            pub fn file_value(&self) -> Result<Option<String>, Unresolved> {
                match self {$(
                    Self::$variant $({ $($field),+ })? => {
                        $($(let $field = named($field, stringify!($field), Risk::$risk)?;)+)?
                        $($(let _ = &$field;)+)?
                        Ok([$(format!($value))?].into_iter().next())
                    }
                )+}
            }
        }
    };
}

pub(super) use catalogue;

/// A target that the grammar cannot name: it has to be resolved first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unresolved {
    /// The parameter that holds it.
    pub parameter: &'static str,
}

impl fmt::Display for Unresolved {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "`{}` is not resolved: the canonical text cannot name it", self.parameter)
    }
}

impl core::error::Error for Unresolved {}

/// The part of the canonical text that a parameter is.
pub(super) fn named(
    value: &impl Parameter,
    parameter: &'static str,
    risk: Risk,
) -> Result<String, Unresolved> {
    value.canonical(risk).ok_or(Unresolved { parameter })
}
