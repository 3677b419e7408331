//! The folder of spool files, and their names.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

const SUFFIX: &str = ".spool";

/// Returns the folder of a service, in the first place that can be written: the option, `DLQ_SPOOL_DIR`, the
/// platform's folder for state. Creates it.
pub(crate) fn open(option: Option<&Path>, service: &str) -> io::Result<PathBuf> {
    let roots = [
        option.map(Path::to_owned),
        from_env("DLQ_SPOOL_DIR"),
        platform_folder(),
    ];
    let mut failure = io::Error::new(
        io::ErrorKind::NotFound,
        "no folder is configured, and the platform has none",
    );
    for root in roots.into_iter().flatten() {
        let folder = root.join(folder_name(service));
        match create(&folder).and_then(|()| check_writable(&folder)) {
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

fn platform_folder() -> Option<PathBuf> {
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

/// Returns the service's name without characters that could lead out of the folder, on any file system.
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

pub(crate) fn create(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn check_writable(folder: &Path) -> io::Result<()> {
    let path = folder.join(format!(".try-{:016x}", rand::random::<u64>()));
    fs::File::create_new(&path)?;
    fs::remove_file(path)
}

/// Returns a file name that begins with the wall clock, so that names sort by age.
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

/// Returns the creation time in ms and the process id of a file name, or `None` if it is no spool file's.
pub(crate) fn parse_name(name: &str) -> Option<(u128, u32)> {
    let mut parts = name.strip_suffix(SUFFIX)?.split('-');
    let (millis, pid, random) = (parts.next()?, parts.next()?, parts.next()?);
    let is_valid = parts.next().is_none() && millis.len() == 13 && random.len() == 16;
    if is_valid {
        Some((millis.parse().ok()?, pid.parse().ok()?))
    } else {
        None
    }
}

/// Returns the spool files in a folder, oldest first.
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
    fn folder_names_do_not_lead_out_of_the_folder() {
        assert_eq!(folder_name(""), "default");
        assert_eq!(folder_name(".."), "_");
        assert_eq!(folder_name("a/b ü"), "a_b___");
    }

    #[test]
    fn file_names_are_parsed() {
        assert_eq!(
            parse_name(&new_name(1_700_000_000_000)),
            Some((1_700_000_000_000, std::process::id()))
        );
        assert_eq!(
            parse_name("1700000000000-4194305-0123456789abcdef.spool"),
            Some((1_700_000_000_000, 4_194_305))
        );
        assert_eq!(parse_name("notes.spool"), None);
    }
}
