//! Errors of the standard library and tokio.

use super::peers::address;
use super::{Case, Outcome, case};
use std::future::pending;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::timeout;

const SHORT: Duration = Duration::from_millis(50);

fn talk(peer: &str) -> Outcome {
    let mut stream = TcpStream::connect(address(peer))?;
    stream.write_all(b"hello")?;
    stream.read_exact(&mut [0; 10])?;
    Ok(())
}

fn slow_read() -> Outcome {
    let mut stream = TcpStream::connect(address("silent"))?;
    stream.set_read_timeout(Some(SHORT))?;
    stream.read_exact(&mut [0; 10])?;
    Ok(())
}

fn slow_connect() -> Outcome {
    TcpStream::connect_timeout(&address("stalled").parse()?, SHORT)?;
    Ok(())
}

async fn panicking(act: impl FnOnce() + Send + 'static) -> Outcome {
    tokio::spawn(async move { act() }).await?;
    Ok(())
}

pub fn cases() -> Vec<Case> {
    vec![
        case("io: refused", async { talk("closed") }),
        case("io: connecting too slow", async { slow_connect() }),
        case("io: reading too slow", async { slow_read() }),
        case("io: a missing file", async {
            std::fs::read("/app/missing.json")?;
            Ok(())
        }),
        case("io: a full disk", async {
            std::fs::write("/dev/full", "x")?;
            Ok(())
        }),
        case("io: half a read", async {
            (&b"abc"[..]).read_exact(&mut [0; 10])?;
            Ok(())
        }),
        case("process: no such program", async {
            std::process::Command::new("no-such-program").status()?;
            Ok(())
        }),
        case("env: a missing variable", async {
            std::env::var("GOLDEN_MISSING")?;
            Ok(())
        }),
        case("panic: an index", async {
            panicking(|| {
                let list = std::hint::black_box(&[1][..]);
                let _ = list[list.len() + 2];
            })
            .await
        }),
        case("panic: unwrap of an Err", async {
            panicking(|| {
                "five".parse::<i32>().unwrap();
            })
            .await
        }),
        case("task: aborted", async {
            let task = tokio::spawn(pending::<()>());
            task.abort();
            task.await?;
            Ok(())
        }),
        case("time: elapsed", async {
            timeout(SHORT, pending::<()>()).await?;
            Ok(())
        }),
        case("oneshot: the sender is gone", async {
            let (sender, receiver) = oneshot::channel::<i32>();
            drop(sender);
            receiver.await?;
            Ok(())
        }),
        case("mpsc: full", async {
            let (sender, _receiver) = mpsc::channel::<i32>(1);
            sender.try_send(1)?;
            sender.try_send(2)?;
            Ok(())
        }),
        case("semaphore: no permits", async {
            drop(Semaphore::new(0).try_acquire()?);
            Ok(())
        }),
    ]
}
