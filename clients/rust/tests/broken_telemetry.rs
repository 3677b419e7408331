//! A tracer, meter or exporter that panics costs no message.

use dlq_client::testing::{FakeDlq, FakeState};
use opentelemetry::metrics::{Counter, Histogram, HistogramBuilder, InstrumentBuilder, InstrumentProvider};
use opentelemetry::metrics::{Meter, MeterProvider, SyncInstrument};
use opentelemetry::trace::{Span, SpanBuilder, SpanContext, Status, Tracer, TracerProvider};
use opentelemetry::{Context, InstrumentationScope, KeyValue, global};
use std::borrow::Cow;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

/// Where foreign code may panic.
const PLACES: [&str; 10] = [
    "tracer provider",
    "tracer",
    "span context",
    "recording",
    "attribute",
    "end",
    "drop",
    "meter provider",
    "instrument",
    "measure",
];
static BROKEN: AtomicUsize = AtomicUsize::new(0);

fn may_panic(place: &str) {
    let broken = PLACES[BROKEN.load(Ordering::SeqCst)];
    assert_ne!(broken, place, "the {place} is broken");
}

struct Tracers;

impl TracerProvider for Tracers {
    type Tracer = BrokenTracer;

    fn tracer_with_scope(&self, _: InstrumentationScope) -> BrokenTracer {
        may_panic("tracer provider");
        BrokenTracer
    }
}

struct BrokenTracer;

impl Tracer for BrokenTracer {
    type Span = BrokenSpan;

    fn build_with_context(&self, _: SpanBuilder, _: &Context) -> BrokenSpan {
        may_panic("tracer");
        BrokenSpan(SpanContext::NONE)
    }
}

#[derive(Debug)]
struct BrokenSpan(SpanContext);

impl Span for BrokenSpan {
    fn add_event_with_timestamp<T>(&mut self, _: T, _: SystemTime, _: Vec<KeyValue>)
    where
        T: Into<Cow<'static, str>>,
    {
    }

    fn span_context(&self) -> &SpanContext {
        may_panic("span context");
        &self.0
    }

    fn is_recording(&self) -> bool {
        may_panic("recording");
        true
    }

    fn set_attribute(&mut self, _: KeyValue) {
        may_panic("attribute");
    }

    fn set_status(&mut self, _: Status) {}

    fn update_name<T>(&mut self, _: T)
    where
        T: Into<Cow<'static, str>>,
    {
    }

    fn add_link(&mut self, _: SpanContext, _: Vec<KeyValue>) {}

    fn end_with_timestamp(&mut self, _: SystemTime) {
        may_panic("end");
    }
}

impl Drop for BrokenSpan {
    fn drop(&mut self) {
        may_panic("drop");
    }
}

struct Meters;

impl MeterProvider for Meters {
    fn meter_with_scope(&self, _: InstrumentationScope) -> Meter {
        may_panic("meter provider");
        Meter::new(Arc::new(Instruments))
    }
}

struct Instruments;

impl InstrumentProvider for Instruments {
    fn u64_counter(&self, _: InstrumentBuilder<'_, Counter<u64>>) -> Counter<u64> {
        may_panic("instrument");
        Counter::new(Arc::new(BrokenInstrument))
    }

    fn f64_histogram(&self, _: HistogramBuilder<'_, Histogram<f64>>) -> Histogram<f64> {
        Histogram::new(Arc::new(BrokenInstrument))
    }
}

struct BrokenInstrument;

impl<T> SyncInstrument<T> for BrokenInstrument {
    fn measure(&self, _: T, _: &[KeyValue]) {
        may_panic("measure");
    }
}

#[tokio::test]
async fn it_fails_no_construction_no_send_and_no_handler() {
    global::set_tracer_provider(Tracers);
    global::set_meter_provider(Meters);
    for (at, place) in PLACES.iter().enumerate() {
        BROKEN.store(at, Ordering::SeqCst);
        let fake = FakeDlq::new();
        let client = fake.client().unwrap();
        let failed = io::Error::other("no stock");
        for payload in ["a", "b"] {
            let sent = client.send("q", payload, &failed).await;
            sent.unwrap_or_else(|error| panic!("{place}: {error}"));
        }
        client.send_request("no/queue", "c").await.unwrap_err();
        let worker = client.worker(["q"]).on_error(|_, _| {});
        let worker = worker.run(|delivery| async move {
            match delivery.attempt() {
                1 => Err(io::Error::other("again")),
                _ => Ok(()),
            }
        });
        let _worker = worker.unwrap();
        let done = fake.wait_for("q", FakeState::Succeeded, 2).await;
        assert_eq!(done[0].deliveries, 2, "{place}");
        client.close().await;
        assert_eq!(client.status().sends.sent, 2, "{place}");
    }
}
