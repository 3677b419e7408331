//! Errors of the standard library and tokio.

use super::failing::{Failing, Outcome, case};
use super::peers::address;
use std::future::pending;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::timeout;

const STD: &str = "std";
const TOKIO: &str = "tokio";

fn talk(peer: &str) -> Outcome {
    let mut stream = TcpStream::connect(address(peer))?;
    for _ in 0..100 {
        stream.write_all(b"hello")?;
        std::thread::sleep(Duration::from_millis(1));
    }
    stream.read_exact(&mut [0; 10])?;
    Ok(())
}

fn slow_read() -> Outcome {
    let mut stream = TcpStream::connect(address("silent"))?;
    stream.set_read_timeout(Some(Duration::from_millis(50)))?;
    stream.read_exact(&mut [0; 10])?;
    Ok(())
}

async fn panicking(act: impl FnOnce() + Send + 'static) -> Outcome {
    tokio::spawn(async move { act() }).await?;
    Ok(())
}

pub fn cases() -> Vec<Failing> {
    vec![
        case("io: refused", STD, "NETWORK_ERROR", async { talk("closed") }),
        case("io: reset", STD, "NETWORK_ERROR", async { talk("resets") }),
        case("io: broken pipe", STD, "NETWORK_ERROR", async { talk("hangsUp") }),
        case("io: connecting too slow", STD, "TIMEOUT", async {
            let where_to = address("stalled").parse()?;
            TcpStream::connect_timeout(&where_to, Duration::from_millis(50))?;
            Ok(())
        }),
        // EAGAIN, "Resource temporarily unavailable", is the error of a read that timed out.
        case("io: reading too slow", STD, "TIMEOUT", async { slow_read() }),
        case("io: no such name", STD, "NETWORK_ERROR", async {
            TcpStream::connect("shop.invalid:80")?;
            Ok(())
        }),
        case("io: a missing file", STD, "EXECUTION_FAILED", async {
            std::fs::read("/app/missing.json")?;
            Ok(())
        }),
        case("io: a full disk", STD, "RESOURCE_EXHAUSTED", async {
            std::fs::write("/dev/full", "x")?;
            Ok(())
        }),
        case("io: half a read", STD, "NETWORK_ERROR", async {
            (&b"abc"[..]).read_exact(&mut [0; 10])?;
            Ok(())
        }),
        case("process: no such program", STD, "EXECUTION_FAILED", async {
            std::process::Command::new("no-such-program").status()?;
            Ok(())
        }),
        case("parse: not an integer", STD, "VALIDATION_FAILED", async {
            "five".parse::<i32>()?;
            Ok(())
        }),
        case("parse: an integer too large", STD, "VALIDATION_FAILED", async {
            "300".parse::<u8>()?;
            Ok(())
        }),
        case("parse: not a float", STD, "VALIDATION_FAILED", async {
            "five".parse::<f64>()?;
            Ok(())
        }),
        case("parse: not a bool", STD, "VALIDATION_FAILED", async {
            "maybe".parse::<bool>()?;
            Ok(())
        }),
        case("parse: not UTF-8", STD, "VALIDATION_FAILED", async {
            std::str::from_utf8(std::hint::black_box(&[0xff]))?;
            Ok(())
        }),
        case("parse: not an address", STD, "VALIDATION_FAILED", async {
            "localhost".parse::<std::net::SocketAddr>()?;
            Ok(())
        }),
        case("convert: a negative number", STD, "VALIDATION_FAILED", async {
            u8::try_from(-1)?;
            Ok(())
        }),
        case("env: a missing variable", STD, "EXECUTION_FAILED", async {
            std::env::var("GOLDEN_MISSING")?;
            Ok(())
        }),
        case("cell: borrowed twice", STD, "EXECUTION_FAILED", async {
            panicking(|| {
                let cell = std::cell::RefCell::new(1);
                let _first = cell.borrow_mut();
                let _second = cell.borrow_mut();
            })
            .await
        }),
        case("panic: an index", TOKIO, "EXECUTION_FAILED", async {
            panicking(|| {
                let list = vec![1];
                let _ = list[list.len() + 2];
            })
            .await
        }),
        case("panic: unwrap of None", TOKIO, "EXECUTION_FAILED", async {
            panicking(|| {
                std::hint::black_box(None::<i32>).unwrap();
            })
            .await
        }),
        case("panic: unwrap of an Err", TOKIO, "EXECUTION_FAILED", async {
            panicking(|| {
                "five".parse::<i32>().unwrap();
            })
            .await
        }),
        case("task: aborted", TOKIO, "UNKNOWN_ERROR", async {
            let task = tokio::spawn(pending::<()>());
            task.abort();
            task.await?;
            Ok(())
        }),
        case("time: elapsed", TOKIO, "TIMEOUT", async {
            timeout(Duration::from_millis(5), pending::<()>()).await?;
            Ok(())
        }),
        case("oneshot: the sender is gone", TOKIO, "UNKNOWN_ERROR", async {
            let (sender, receiver) = oneshot::channel::<i32>();
            drop(sender);
            receiver.await?;
            Ok(())
        }),
        case("mpsc: the receiver is gone", TOKIO, "UNKNOWN_ERROR", async {
            let (sender, receiver) = mpsc::channel::<i32>(1);
            drop(receiver);
            sender.send(1).await?;
            Ok(())
        }),
        case("mpsc: full", TOKIO, "RESOURCE_EXHAUSTED", async {
            let (sender, _receiver) = mpsc::channel::<i32>(1);
            sender.try_send(1)?;
            sender.try_send(2)?;
            Ok(())
        }),
        case("semaphore: no permits", TOKIO, "RESOURCE_EXHAUSTED", async {
            drop(Semaphore::new(0).try_acquire()?);
            Ok(())
        }),
    ]
}
