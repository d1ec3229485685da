//! How numbers of one thing are declared: each may be absent, and so may the words beside them.

/// Numbers of one thing.
pub trait Numbers: Copy {
    /// The same with each number changed.
    #[must_use]
    fn map(self, change: fn(f64) -> f64) -> Self;

    /// The same with what another one has where this one has nothing.
    #[must_use]
    fn or(self, other: Self) -> Self;
}

macro_rules! numbers {
    ($(#[$about:meta])* $name:ident {
        $($(#[$doc:meta])* $field:ident,)+
    } $({ $($(#[$also:meta])* $word:ident: $of:ty,)+ })?) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Default, serde::Serialize)]
        pub struct $name {
            $($(#[$doc])* #[serde(skip_serializing_if = "Option::is_none")]
            pub $field: Option<f64>,)+
            $($($(#[$also])* #[serde(skip_serializing_if = "Option::is_none")]
            pub $word: Option<$of>,)+)?
        }

        impl Numbers for $name {
            fn map(self, change: fn(f64) -> f64) -> Self {
                Self { $($field: self.$field.map(change),)+ $($($word: self.$word,)+)? }
            }

            fn or(self, other: Self) -> Self {
                Self {
                    $($field: self.$field.or(other.$field),)+
                    $($($word: self.$word.or(other.$word),)+)?
                }
            }
        }
    };
}

pub(super) use numbers;
