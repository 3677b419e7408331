//! Actors of the fault suite: a producer and a worker that use the client as its users do, and write
//! down all that goes over the wire.

mod calls;
mod entries;
mod flags;
mod frames;
mod history;
mod letters;
mod producer;
mod recording;
mod worker;

pub use producer::produce;
pub use worker::work;

/// A task of an actor that panics ends it loudly: its history must not just stop.
fn end_at_panics() {
    let told = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        told(panic);
        std::process::exit(70);
    }));
}
