//! A real server for tests.

use std::collections::HashMap;
use std::env;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

const START_TIMEOUT: Duration = Duration::from_secs(60);
const KEPT_LINES: usize = 40;

/// A real server on free loopback ports with its own data. Dropping it stops the server and removes the data.
#[derive(Debug)]
pub struct LocalServer {
    command: Vec<String>,
    settings: HashMap<String, String>,
    data: PathBuf,
    target: String,
    child: Option<Child>,
}

impl LocalServer {
    /// Starts a server and waits until it serves. The environment's `DLQ_SERVER_COMMAND` is its command, such as
    /// `node dlq-service/src/main.mjs`. Default: `dlq-server` on the PATH.
    ///
    /// # Errors
    ///
    /// Returns an error with the server's output if it does not start within 60 s.
    pub fn start() -> io::Result<Self> {
        Self::start_with(HashMap::new())
    }

    /// Starts a server with settings, by their names in its environment (`DLQ_…`).
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`start`](LocalServer::start).
    pub fn start_with(settings: HashMap<String, String>) -> io::Result<Self> {
        let given = env::var("DLQ_SERVER_COMMAND").unwrap_or_else(|_| "dlq-server".to_owned());
        let command = given.split_whitespace().map(str::to_owned).collect();
        // Directly below /tmp: the path of a unix socket in it must stay under 108 bytes.
        let root = if cfg!(unix) {
            PathBuf::from("/tmp")
        } else {
            env::temp_dir()
        };
        let data = root.join(format!("dlq-{:016x}", rand::random::<u64>()));
        fs::create_dir(&data)?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let target = format!("http://127.0.0.1:{port}");
        let mut server = Self {
            command,
            settings,
            data,
            target,
            child: None,
        };
        server.restart()?;
        Ok(server)
    }

    /// Returns the target for [`Client::builder`](crate::Client::builder).
    pub fn target(&self) -> &str {
        &self.target
    }

    /// Stops the server by SIGTERM. Keeps the data.
    ///
    /// # Errors
    ///
    /// Returns an error if the process can't be ended.
    pub fn stop(&mut self) -> io::Result<()> {
        let Some(mut child) = self.child.take() else {
            return Ok(());
        };
        // The standard library can only send SIGKILL.
        let terminated = Command::new("kill").arg(child.id().to_string()).status();
        if !terminated.is_ok_and(|status| status.success()) {
            child.kill()?;
        }
        child.wait().map(drop)
    }

    /// Kills the server by SIGKILL. Its store keeps running.
    ///
    /// # Errors
    ///
    /// Returns an error if the process can't be killed.
    pub fn kill(&mut self) -> io::Result<()> {
        let Some(mut child) = self.child.take() else {
            return Ok(());
        };
        child.kill()?;
        child.wait().map(drop)
    }

    /// Stops the server if it runs, starts it with the same data and address, and waits until it serves.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`start`](LocalServer::start).
    pub fn restart(&mut self) -> io::Result<()> {
        self.stop()?;
        let (program, args) = self
            .command
            .split_first()
            .ok_or_else(|| start_error("DLQ_SERVER_COMMAND is empty"))?;
        let mut command = Command::new(program);
        command.args(args).arg("serve").env_clear();
        for name in ["PATH", "HOME", "DLQ_REDIS_SERVER"] {
            if let Some(value) = env::var_os(name) {
                command.env(name, value);
            }
        }
        let mut child = command
            .env("DLQ_LISTEN_GRPC", self.target.trim_start_matches("http://"))
            .env("DLQ_LISTEN_HTTP", "127.0.0.1:0")
            .env("DLQ_DATA_DIR", &self.data)
            .env("DLQ_LOG_FORMAT", "json")
            .env("DLQ_DRAIN_GRACE", "200ms")
            .envs(&self.settings)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| start_error(format!("cannot run {program}: {error}; set DLQ_SERVER_COMMAND")))?;
        let output = Arc::new(Mutex::new(Vec::new()));
        let (serving, wait) = mpsc::channel();
        let pipes: [Option<Box<dyn Read + Send>>; 2] = [
            child.stdout.take().map(|pipe| Box::new(pipe) as _),
            child.stderr.take().map(|pipe| Box::new(pipe) as _),
        ];
        for pipe in pipes.into_iter().flatten() {
            let (output, serving) = (Arc::clone(&output), serving.clone());
            std::thread::spawn(move || read_output(pipe, &output, &serving));
        }
        drop(serving);
        self.child = Some(child);
        // Two log lines: the listeners, and the store.
        for _ in 0..2 {
            if wait.recv_timeout(START_TIMEOUT).is_err() {
                let output = output.lock().unwrap().join("\n");
                return Err(start_error(format!("the server did not start:\n{output}")));
            }
        }
        Ok(())
    }
}

impl Drop for LocalServer {
    fn drop(&mut self) {
        let _ = self.stop();
        end_store(&self.data);
        let _ = fs::remove_dir_all(&self.data);
    }
}

fn start_error(message: impl Into<String>) -> io::Error {
    io::Error::other(message.into())
}

fn read_output(pipe: Box<dyn Read + Send>, output: &Mutex<Vec<String>>, serving: &mpsc::Sender<()>) {
    for line in BufReader::new(pipe).lines().map_while(Result::ok) {
        let entry: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
        if matches!(entry["msg"].as_str(), Some("listening" | "the store is ready")) {
            let _ = serving.send(());
        }
        let mut output = output.lock().unwrap();
        if output.len() == KEPT_LINES {
            output.remove(0);
        }
        output.push(line);
    }
}

/// Ends the store of a killed server, which still runs.
#[cfg(unix)]
fn end_store(data: &Path) {
    use std::os::unix::net::UnixStream;
    let Ok(entries) = fs::read_dir(data) else { return };
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        if path.is_dir() {
            end_store(&path);
        } else if path.file_name().is_some_and(|name| name == "redis.sock") {
            let Ok(mut store) = UnixStream::connect(path) else {
                continue;
            };
            let _ = store.set_read_timeout(Some(Duration::from_secs(10)));
            let _ = store.write_all(b"SHUTDOWN NOSAVE\r\n");
            let _ = store.read(&mut [0; 64]);
        }
    }
}

#[cfg(not(unix))]
fn end_store(_data: &Path) {}
