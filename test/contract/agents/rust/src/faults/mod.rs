//! The actors of the fault suite: a producer and a worker that use the client as users do, and record its calls
//! in a history.

mod calls;
mod entries;
mod flags;
mod frames;
mod history;
mod messages;
mod producer;
mod recording;
mod worker;

pub use producer::produce;
pub use worker::work;

/// Makes a panic of any task end the process: the history must not just stop.
fn exit_on_panic() {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        hook(panic);
        std::process::exit(70);
    }));
}
