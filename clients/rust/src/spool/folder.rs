//! Where spool files are.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

const SUFFIX: &str = ".spool";

/// The service's folder, made if need be: of the first place that can be written.
pub(crate) fn open(option: Option<&Path>, service: &str) -> io::Result<PathBuf> {
    let roots = [
        option.map(Path::to_owned),
        from_env("DLQ_SPOOL_DIR"),
        of_platform(),
    ];
    let mut failure = io::Error::new(io::ErrorKind::NotFound, "no folder is known for it");
    for root in roots.into_iter().flatten() {
        let folder = root.join(folder_name(service));
        match make(&folder).and_then(|()| try_to_write(&folder)) {
            Ok(()) => return Ok(folder),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

fn from_env(name: &str) -> Option<PathBuf> {
    env::var_os(name)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}

fn of_platform() -> Option<PathBuf> {
    if cfg!(windows) {
        return from_env("LOCALAPPDATA").map(|folder| folder.join("dlq").join("spool"));
    }
    let home = env::home_dir().filter(|home| !home.as_os_str().is_empty());
    if cfg!(target_os = "macos") {
        return home.map(|home| home.join("Library/Application Support/dlq/spool"));
    }
    let state = from_env("XDG_STATE_HOME").or_else(|| home.map(|home| home.join(".local/state")));
    state.map(|state| state.join("dlq/spool"))
}

/// Nothing of a name may lead out of the folder, on any file system.
pub(crate) fn folder_name(service: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    match service {
        "" => "default".to_owned(),
        "." | ".." => "_".to_owned(),
        _ => service
            .bytes()
            .map(|byte| if is_plain(byte) { char::from(byte) } else { '_' })
            .collect(),
    }
}

pub(crate) fn make(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn try_to_write(folder: &Path) -> io::Result<()> {
    let path = folder.join(format!(".try-{:016x}", rand::random::<u64>()));
    fs::File::create_new(&path)?;
    fs::remove_file(path)
}

/// The wall clock first, so that names sort by age.
pub(crate) fn new_name(created_at_ms: u128) -> String {
    format!(
        "{created_at_ms:013}-{}-{:016x}{SUFFIX}",
        std::process::id(),
        rand::random::<u64>()
    )
}

pub(crate) fn now_ms() -> u128 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_millis()
}

/// What a name says: when its file was made, and which process has it. None of files of somebody else.
pub(crate) fn parts_of(name: &str) -> Option<(u128, u32)> {
    let mut parts = name.strip_suffix(SUFFIX)?.split('-');
    let (millis, pid, random) = (parts.next()?, parts.next()?, parts.next()?);
    let is_whole = parts.next().is_none() && millis.len() == 13 && random.len() == 16;
    if is_whole {
        Some((millis.parse().ok()?, pid.parse().ok()?))
    } else {
        None
    }
}

/// Spool files in a folder, oldest first.
pub(crate) fn list(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut paths: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "spool"))
        .collect();
    paths.sort();
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_nowhere_else() {
        assert_eq!(folder_name(""), "default");
        assert_eq!(folder_name(".."), "_");
        assert_eq!(folder_name("a/b ü"), "a_b___");
    }

    #[test]
    fn names_of_files_are_read_back() {
        assert_eq!(
            parts_of(&new_name(1_700_000_000_000)),
            Some((1_700_000_000_000, std::process::id()))
        );
        assert_eq!(
            parts_of("1700000000000-4194305-0123456789abcdef.spool"),
            Some((1_700_000_000_000, 4_194_305))
        );
        assert_eq!(parts_of("notes.spool"), None);
    }
}
