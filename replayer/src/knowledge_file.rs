//! Knowledge as a file: what `ks baseline build` writes and `--baseline` reads.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use ks_engine::analysis::Knowledge;
use ks_engine::analysis::knowledge::{KNOWLEDGE_VERSION, KnowledgeError};
use serde::Deserialize;

/// A file is no larger than this: that of a thousand groups over months is well below it.
const LARGEST_BYTES: u64 = 512 << 20;

/// What is wrong with a file of knowledge.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KnowledgeFileError {
    /// It cannot be read or written.
    #[error("`{}`: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// It is no knowledge at all.
    #[error("`{}` is not a file of `ks baseline build`: {error}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// Where and why.
        error: serde_json::Error,
    },
    /// What it holds cannot be used.
    #[error("`{}`: {error}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// Why.
        error: KnowledgeError,
    },
    /// It is larger than any knowledge is.
    #[error("`{}` is larger than any knowledge: {bytes} bytes", path.display())]
    Large {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
    },
}

/// The version alone, which every version of the block has.
#[derive(Deserialize)]
struct Version {
    version: u32,
}

/// Reads a file.
pub fn load(path: &Path) -> Result<Knowledge, KnowledgeFileError> {
    let io_error = |error| KnowledgeFileError::Io { path: path.into(), error };
    let bytes = std::fs::metadata(path).map_err(io_error)?.len();
    if bytes > LARGEST_BYTES {
        return Err(KnowledgeFileError::Large { path: path.into(), bytes });
    }
    let text = std::fs::read(path).map_err(io_error)?;
    let format = |error| KnowledgeFileError::Format { path: path.into(), error };
    let content = |error| KnowledgeFileError::Content { path: path.into(), error };
    // A newer version may have other fields: it is told as newer, not as garbage.
    let Version { version } = serde_json::from_slice(&text).map_err(format)?;
    if version > KNOWLEDGE_VERSION {
        return Err(content(KnowledgeError::Newer(version)));
    }
    let knowledge: Knowledge = serde_json::from_slice(&text).map_err(format)?;
    knowledge.check().map_err(content)?;
    Ok(knowledge)
}

/// Writes a file, whole or not at all.
pub fn save(path: &Path, knowledge: &Knowledge) -> Result<(), KnowledgeFileError> {
    let io_error = |error| KnowledgeFileError::Io { path: path.into(), error };
    let format = |error| KnowledgeFileError::Format { path: path.into(), error };
    let text = serde_json::to_vec(knowledge).map_err(format)?;
    let part = path.with_extension("part");
    let written = File::create(&part).and_then(|mut file| {
        file.write_all(&text)?;
        file.sync_all()?;
        std::fs::rename(&part, path)
    });
    written.map_err(|error| {
        let _ = std::fs::remove_file(&part);
        io_error(error)
    })
}
