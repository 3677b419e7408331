//! Spans and metrics, with the real SDK of OpenTelemetry.

#![allow(clippy::float_cmp, reason = "the values are whole")]

use dlq_client::testing::{FakeDlq, FakeState};
use dlq_client::{Client, ErrorKind, NonRetryable, Outcome, Receipt, SpoolOptions};
use opentelemetry::trace::{SpanId, SpanKind, Status, TraceContextExt, Tracer};
use opentelemetry::{Context, KeyValue, Value, global};
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData, ResourceMetrics, ScopeMetrics};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, SdkMeterProvider};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use std::collections::HashMap;
use std::future::IntoFuture;
use std::io;
use std::net::TcpListener;
use std::sync::{LazyLock, Mutex};
use std::time::Duration;
use tokio::sync::mpsc;

/// Tests run at the same time: each has its own queues.
struct Sdk {
    spans: InMemorySpanExporter,
    metrics: InMemoryMetricExporter,
    meters: SdkMeterProvider,
}

static SDK: LazyLock<Sdk> = LazyLock::new(|| {
    let (spans, metrics) = (InMemorySpanExporter::default(), InMemoryMetricExporter::default());
    let tracers = SdkTracerProvider::builder().with_simple_exporter(spans.clone());
    let meters = SdkMeterProvider::builder().with_periodic_exporter(metrics.clone());
    let meters = meters.build();
    global::set_tracer_provider(tracers.build());
    global::set_meter_provider(meters.clone());
    Sdk {
        spans,
        metrics,
        meters,
    }
});

fn fake() -> FakeDlq {
    LazyLock::force(&SDK);
    FakeDlq::new()
}

async fn span_named(name: &str) -> SpanData {
    let find = || {
        SDK.spans
            .get_finished_spans()
            .unwrap()
            .into_iter()
            .find(|span| span.name == name)
    };
    let wait = async {
        loop {
            if let Some(span) = find() {
                return span;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let found = tokio::time::timeout(Duration::from_secs(30), wait).await;
    found.unwrap_or_else(|_| panic!("no span {name}"))
}

fn attribute(attributes: &[KeyValue], key: &str) -> Option<String> {
    let found = attributes.iter().find(|one| one.key.as_str() == key)?;
    Some(found.value.to_string())
}

#[tokio::test]
async fn a_send_and_its_handler_have_spans_of_their_own_which_are_linked() {
    let fake = fake();
    let client = fake.client().unwrap();
    let request = global::tracer("program").start("request");
    let context = Context::current_with_span(request);
    let request = context.span().span_context().clone();
    let send = {
        let _within = context.attach();
        client.send("orders", "x", &io::Error::other("no stock"))
    };
    let Ok(Receipt::Sent(stored)) = send.await else {
        panic!("it was not sent")
    };
    let (seen, mut inside) = mpsc::unbounded_channel();
    let worker = client.worker(["orders"]).run(move |_| {
        let seen = seen.clone();
        async move {
            seen.send(Context::current().span().span_context().span_id())
                .unwrap();
            Ok::<(), io::Error>(())
        }
    });
    let _worker = worker.unwrap();
    let send = span_named("send orders").await;
    assert_eq!(
        (&send.span_kind, send.parent_span_id),
        (&SpanKind::Producer, request.span_id())
    );
    assert_eq!(send.span_context.trace_id(), request.trace_id());
    for (key, value) in [
        ("messaging.system", "dlq"),
        ("messaging.operation.name", "send"),
        ("messaging.operation.type", "send"),
        ("messaging.destination.name", "orders"),
        ("messaging.message.id", &stored.id),
        ("dlq.status", "sent"),
    ] {
        assert_eq!(attribute(&send.attributes, key).as_deref(), Some(value), "{key}");
    }
    let handled = span_named("process orders").await;
    assert_eq!(handled.span_kind, SpanKind::Consumer);
    assert_eq!(handled.parent_span_id, SpanId::INVALID);
    assert_ne!(handled.span_context.trace_id(), send.span_context.trace_id());
    let [link] = &handled.links.links[..] else {
        panic!("one link")
    };
    assert_eq!(link.span_context.span_id(), send.span_context.span_id());
    assert!(link.span_context.is_remote());
    for (key, value) in [
        ("messaging.operation.name", "process"),
        ("messaging.operation.type", "process"),
        ("messaging.destination.name", "orders"),
        ("messaging.message.id", &stored.id),
        ("dlq.attempt", "1"),
        ("dlq.outcome", "succeeded"),
    ] {
        assert_eq!(
            attribute(&handled.attributes, key).as_deref(),
            Some(value),
            "{key}"
        );
    }
    assert_eq!(handled.status, Status::Unset);
    assert_eq!(inside.recv().await, Some(handled.span_context.span_id()));
}

#[tokio::test]
async fn failures_are_errors_of_their_spans() {
    let fake = fake();
    let client = fake.builder().on_dropped(|_, _| {}).build().unwrap();
    client.send_request("broken", "x").await.unwrap();
    let worker = client.worker(["broken"]).on_error(|_, _| {});
    let worker = worker.run(|_| async { Err::<(), _>(NonRetryable::new(io::Error::other("no such order"))) });
    let _worker = worker.unwrap();
    let handled = span_named("process broken").await;
    assert_eq!(handled.status, Status::error(""));
    let error_type = attribute(&handled.attributes, "error.type");
    assert_eq!(error_type.as_deref(), Some("std::io::error::Error"));
    assert_eq!(
        attribute(&handled.attributes, "dlq.outcome").as_deref(),
        Some("failed")
    );
    let exception = &handled.events.events[0];
    assert_eq!(exception.name, "exception");
    let message = attribute(&exception.attributes, "exception.message");
    assert_eq!(message.as_deref(), Some("no such order"));
    fake.go_down();
    let lost = client
        .send_request("lost", "x")
        .timeout(Duration::from_millis(20));
    let dropped = lost.await.unwrap_err();
    let lost = span_named("send lost").await;
    assert_eq!(lost.status, Status::error(dropped.to_string()));
    assert_eq!(
        attribute(&lost.attributes, "dlq.status").as_deref(),
        Some("dropped")
    );
    assert_eq!(
        attribute(&lost.attributes, "error.type").as_deref(),
        Some("deadline")
    );
}

#[tokio::test]
async fn a_send_has_a_span_even_if_its_future_is_dropped() {
    let client = fake().client().unwrap();
    let send = client.send_request("unawaited", "x").trace_context("given", "");
    drop(send.into_future());
    client.flush().await;
    let span = span_named("send unawaited").await;
    assert_eq!(attribute(&span.attributes, "dlq.status").as_deref(), Some("sent"));
}

#[tokio::test]
async fn a_batch_has_one_span_with_a_link_to_each_send() {
    let client = fake().client().unwrap();
    for payload in ["a", "b"] {
        client.send_request("batches", payload).await.unwrap();
    }
    let worker = client.worker(["batches"]).on_error(|_, _| {});
    let worker = worker.run_batches(|batch| async move {
        let decide = |at| match at {
            0 => Outcome::succeeded(),
            _ => Outcome::failed(&io::Error::other("no stock")),
        };
        Ok::<_, io::Error>((0..batch.len()).map(decide).collect::<Vec<_>>())
    });
    let _worker = worker.unwrap();
    let handled = span_named("process batches").await;
    assert_eq!(handled.links.links.len(), 2);
    for (key, value) in [
        ("messaging.batch.message_count", Some("2")),
        ("messaging.message.id", None),
        ("dlq.outcome", Some("succeeded,failed")),
        ("error.type", Some("std::io::error::Error")),
    ] {
        assert_eq!(attribute(&handled.attributes, key).as_deref(), value, "{key}");
    }
}

/// Returns the latest values of a metric, by the values of an attribute.
fn collected(name: &str, by: &str) -> HashMap<String, f64> {
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock();
    SDK.metrics.reset();
    SDK.meters.force_flush().unwrap();
    let exported = SDK.metrics.get_finished_metrics().unwrap();
    let scopes = exported.iter().flat_map(ResourceMetrics::scope_metrics);
    let metrics = scopes.flat_map(ScopeMetrics::metrics);
    let named = metrics.filter(|metric| metric.name() == name);
    named.flat_map(|metric| points(metric.data(), by)).collect()
}

fn points(data: &AggregatedMetrics, by: &str) -> Vec<(String, f64)> {
    #[allow(clippy::cast_precision_loss, reason = "counts are small")]
    let of = |value: u64| value as f64;
    match data {
        AggregatedMetrics::U64(MetricData::Sum(sum)) => {
            let points = sum.data_points();
            points
                .map(|point| (value_of(point.attributes(), by), of(point.value())))
                .collect()
        }
        AggregatedMetrics::U64(MetricData::Gauge(gauge)) => {
            let points = gauge.data_points();
            points
                .map(|point| (value_of(point.attributes(), by), of(point.value())))
                .collect()
        }
        AggregatedMetrics::F64(MetricData::Gauge(gauge)) => {
            let points = gauge.data_points();
            points
                .map(|point| (value_of(point.attributes(), by), point.value()))
                .collect()
        }
        AggregatedMetrics::F64(MetricData::Histogram(histogram)) => {
            let points = histogram.data_points();
            points
                .map(|point| (value_of(point.attributes(), by), of(point.count())))
                .collect()
        }
        _ => panic!("another kind of metric"),
    }
}

fn value_of<'a>(mut attributes: impl Iterator<Item = &'a KeyValue>, key: &str) -> String {
    let found = attributes.find(|one| one.key.as_str() == key);
    found.map_or(Value::from(""), |one| one.value.clone()).to_string()
}

#[tokio::test]
async fn sends_and_handlers_have_metrics() {
    let fake = fake();
    let client = fake.builder().on_dropped(|_, _| {}).build().unwrap();
    client.send_request("metered", "x").await.unwrap();
    client.send_request("metered", "y").await.unwrap();
    let worker = client
        .worker(["metered"])
        .run(|_| async { Ok::<(), io::Error>(()) });
    let worker = worker.unwrap();
    fake.wait_for("metered", FakeState::Succeeded, 2).await;
    worker.stop().await;
    client.send_request("metered", "z").await.unwrap();
    let mut stream = client.worker(["metered"]).stream().unwrap();
    stream.next().await.unwrap().fail(&io::Error::other("no stock"));
    let queue = "messaging.destination.name";
    assert_eq!(collected("dlq.client.sends", queue)["metered"], 3.0);
    fake.go_down();
    let lost = client
        .send_request("metered", "z")
        .timeout(Duration::from_millis(20));
    lost.await.unwrap_err();
    let by_error = collected("dlq.client.sends", "error.type");
    assert!(by_error[ErrorKind::Deadline.as_str()] >= 1.0, "{by_error:?}");
    let by_type = collected("messaging.process.duration", "error.type");
    assert!(by_type["std::io::error::Error"] >= 1.0, "{by_type:?}");
}

#[tokio::test]
async fn the_state_of_a_client_is_measured_until_it_is_closed() {
    LazyLock::force(&SDK);
    let folder = tempfile::tempdir().unwrap();
    let spool = SpoolOptions {
        folder: Some(folder.path().to_owned()),
        ..SpoolOptions::default()
    };
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let target = free.to_string();
    let client = Client::builder(&*target).spool(spool).build().unwrap();
    let measured = |name: &str| collected(name, "dlq.target").get(&target).copied();
    assert_eq!(measured("dlq.client.available"), Some(1.0));
    assert_eq!(measured("dlq.client.spool.messages"), Some(0.0));
    for payload in ["a", "b"] {
        let receipt = client.send_request("q", payload).await.unwrap();
        assert_eq!(receipt, Receipt::Spooled { durable: true });
    }
    assert_eq!(measured("dlq.client.available"), Some(0.0));
    assert_eq!(measured("dlq.client.spool.messages"), Some(2.0));
    assert!(measured("dlq.client.spool.bytes").unwrap() > 100.0);
    assert!(measured("dlq.client.spool.age").unwrap() < 60.0);
    client.close().await;
    assert_eq!(measured("dlq.client.available"), None);
}
