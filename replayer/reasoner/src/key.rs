//! The key of a model's server. It is printed nowhere: not by `Debug`, not in an error, and the
//! header that carries it is marked as one that is not shown.

use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use reqwest::header::HeaderValue;

use crate::settings::Settings;
use crate::wire::Wire;

/// No key is longer.
const LARGEST_BYTES: u64 = 4_096;
/// Where the key is looked for when nothing is configured: Google's own clients read the same.
const GEMINI_ENV: [&str; 2] = ["GEMINI_API_KEY", "GOOGLE_API_KEY"];
/// Likewise; models at home need none.
const OPENAI_ENV: [&str; 1] = ["OPENAI_API_KEY"];
/// Address of OpenAI itself: the usual variable is meant for it and for no other server.
const OPENAI_HOST: &str = "https://api.openai.com/";

/// See the module.
#[derive(Clone)]
pub struct Key(String);

impl fmt::Debug for Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("***")
    }
}

/// Why there is no key. None of it tells anything of one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// None is anywhere.
    #[error(
        "no key for the model: set the variable `{0}`, or name another by `key_env` or a file by \
         `key_file` in the table [model] of the configuration"
    )]
    None(String),
    /// The file cannot be read.
    #[error("cannot read the key file `{}`: {error}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Others may read the file.
    #[error("others may read the key file `{}`: run `chmod 600` on it", .0.display())]
    Open(PathBuf),
    /// What is there is no key.
    #[error("what `{0}` holds is no key: it is one line of letters without blanks")]
    Malformed(String),
}

impl Key {
    /// The key that is configured; `None` where the wire needs none and none is there.
    pub fn find(
        settings: &Settings,
        wire: Wire,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, KeyError> {
        if let Some(path) = &settings.key_file {
            return Self::of_file(path).map(Some);
        }
        if let Some(name) = &settings.key_env {
            let value = environment(name).ok_or_else(|| KeyError::None(name.clone()))?;
            return Self::of(&value, name).map(Some);
        }
        let is_openai = settings.address(wire).starts_with(OPENAI_HOST);
        let names: &[&str] = match wire {
            Wire::Gemini => &GEMINI_ENV,
            Wire::Openai if is_openai => &OPENAI_ENV,
            Wire::Openai => return Ok(None),
        };
        let found = names.iter().find_map(|name| Some((name, environment(name)?)));
        let (name, value) = found.ok_or_else(|| KeyError::None(names[0].to_owned()))?;
        Self::of(&value, name).map(Some)
    }

    fn of_file(path: &Path) -> Result<Self, KeyError> {
        let io_error = |error| KeyError::Io { path: path.to_owned(), error };
        let file = File::open(path).map_err(io_error)?;
        let about = file.metadata().map_err(io_error)?;
        if !about.is_file() {
            let problem = "it is not a regular file";
            return Err(io_error(std::io::Error::new(std::io::ErrorKind::InvalidInput, problem)));
        }
        if about.mode() & 0o077 != 0 {
            return Err(KeyError::Open(path.to_owned()));
        }
        let mut text = String::new();
        file.take(LARGEST_BYTES).read_to_string(&mut text).map_err(io_error)?;
        Self::of(&text, &path.display().to_string())
    }

    fn of(text: &str, place: &str) -> Result<Self, KeyError> {
        let text = text.trim();
        let is_key = |letter: char| letter.is_ascii_graphic();
        if text.is_empty() || text.len() as u64 >= LARGEST_BYTES || !text.chars().all(is_key) {
            return Err(KeyError::Malformed(place.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }

    /// The header that carries it.
    pub(crate) fn header(&self, prefix: &str) -> Option<HeaderValue> {
        let mut header = HeaderValue::from_str(&format!("{prefix}{}", self.0)).ok()?;
        header.set_sensitive(true);
        Some(header)
    }

    /// A text without it: a server may repeat what it was sent.
    pub(crate) fn scrub(&self, text: &str) -> String {
        text.replace(&self.0, "***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    const SECRET: &str = "AIza-planted-1234567890";

    fn from(text: &str, wire: Wire, variable: &str) -> Result<Option<Key>, KeyError> {
        let settings: Settings = toml::from_str(text).unwrap();
        Key::find(&settings, wire, |name| (name == variable).then(|| SECRET.to_owned()))
    }

    #[test]
    fn a_key_is_found_where_it_is_configured_and_shown_nowhere() {
        let key = from("", Wire::Gemini, "GEMINI_API_KEY").unwrap().unwrap();
        assert_eq!(format!("{key:?}"), "***");
        assert_eq!(key.scrub(&format!("bad key {SECRET}!")), "bad key ***!");
        assert!(!format!("{:?}", key.header("Bearer ")).contains(SECRET));
        assert!(from("key_env = \"MINE\"", Wire::Gemini, "MINE").unwrap().is_some());
        let none = from("", Wire::Gemini, "OTHER").unwrap_err().to_string();
        assert!(none.contains("GEMINI_API_KEY"), "{none}");
        // That of OpenAI is sent to nobody else.
        assert!(from("", Wire::Openai, "OPENAI_API_KEY").unwrap().is_none());
        let url = "base_url = \"https://api.openai.com/v1\"";
        assert!(from(url, Wire::Openai, "OPENAI_API_KEY").unwrap().is_some());
    }

    #[test]
    fn a_file_that_others_may_read_is_refused() {
        let folder = std::env::temp_dir().join(format!("ks-key-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("key");
        let of = || {
            let text = format!("key_file = {:?}", path.display().to_string());
            from(&text, Wire::Gemini, "").map_err(|error| error.to_string())
        };
        assert!(of().unwrap_err().contains("cannot read"));
        std::fs::write(&path, format!("{SECRET}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(of().unwrap_err().contains("chmod 600"));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert!(of().unwrap().is_some());
        std::fs::write(&path, "two words\n").unwrap();
        let error = of().unwrap_err();
        assert!(error.contains("no key") && !error.contains("two words"), "{error}");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
