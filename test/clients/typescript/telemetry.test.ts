// Spans and metrics, with the real SDK of OpenTelemetry.

import {
  context,
  createNoopMeter,
  type Meter,
  metrics,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  AggregationTemporality,
  type DataPoint,
  type Histogram,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished, vi } from "vitest";
import { NonRetryableError } from "../../../clients/typescript/src/index.ts";
import { createFakeDlq } from "../../../clients/typescript/src/testing/index.ts";
import { until } from "./client.ts";

const spans = new InMemorySpanExporter();
const exported = new InMemoryMetricExporter(AggregationTemporality.DELTA);
const spanProcessors = [new SimpleSpanProcessor({ exporter: spans })];
const reader = new PeriodicExportingMetricReader({ exporter: exported, exportIntervalMillis: 1e9 });
const meters = new MeterProvider({ readers: [reader] });

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors }));
  metrics.setGlobalMeterProvider(meters);
});
afterAll(async () => {
  await reader.shutdown();
  for (const api of [context, trace, metrics]) api.disable();
});
beforeEach(() => spans.reset());

async function spanNamed(name: string): Promise<ReadableSpan> {
  const find = () => spans.getFinishedSpans().find((span) => span.name === name);
  await until(() => find() !== undefined, `span ${name}`);
  return find() as ReadableSpan;
}

/** Collects what was measured since the last time. Returns the points of a metric by the value of an attribute. */
async function collected() {
  exported.reset();
  await reader.forceFlush();
  const scopes = exported.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics);
  const all = scopes.flatMap((scope) => scope.metrics);
  return <Value>(name: string, attribute: string): ReadonlyMap<unknown, Value> => {
    const points = (all.find(({ descriptor }) => descriptor.name === name)?.dataPoints ??
      []) as DataPoint<Value>[];
    return new Map(points.map(({ attributes, value }) => [attributes[attribute], value]));
  };
}

it("a send and its handler have spans of their own, which are linked", async () => {
  await using fake = createFakeDlq();
  const tracer = trace.getTracer("program");
  const sent = await tracer.startActiveSpan("request", async (request) => {
    const result = await fake.send("orders", "x", new Error("no stock"));
    request.end();
    return result;
  });
  const inside = Promise.withResolvers<string | undefined>();
  fake.worker({
    queues: ["orders"],
    handler: () => inside.resolve(trace.getActiveSpan()?.spanContext().spanId),
  });
  const [request, send, handled] = await Promise.all(
    ["request", "send orders", "process orders"].map(spanNamed),
  );
  const id = sent.status === "sent" ? sent.id : "";
  expect(send).toMatchObject({
    kind: SpanKind.PRODUCER,
    parentSpanContext: { spanId: request?.spanContext().spanId },
    attributes: {
      "messaging.system": "dlq",
      "messaging.operation.name": "send",
      "messaging.operation.type": "send",
      "messaging.destination.name": "orders",
      "messaging.message.id": id,
      "dlq.status": "sent",
    },
  });
  expect(handled).toMatchObject({
    kind: SpanKind.CONSUMER,
    parentSpanContext: undefined,
    links: [{ context: { spanId: send?.spanContext().spanId, isRemote: true } }],
    attributes: {
      "messaging.operation.type": "process",
      "messaging.destination.name": "orders",
      "messaging.message.id": id,
      "dlq.attempt": 1,
      "dlq.outcome": "succeeded",
    },
    status: { code: SpanStatusCode.UNSET },
  });
  expect(handled?.spanContext().traceId).not.toBe(send?.spanContext().traceId);
  expect(await inside.promise).toBe(handled?.spanContext().spanId);
});

it("failures are errors of their spans", async () => {
  await using fake = createFakeDlq({ timeoutMs: 20, onDropped: () => {} });
  await fake.send("broken", "x");
  fake.worker({
    queues: ["broken"],
    onError: () => {},
    handler: () => {
      throw new NonRetryableError("no such order");
    },
  });
  const handled = await spanNamed("process broken");
  expect(handled).toMatchObject({
    status: { code: SpanStatusCode.ERROR },
    attributes: { "error.type": "NonRetryableError", "dlq.outcome": "failed" },
  });
  expect(handled.events[0]?.attributes).toMatchObject({ "exception.message": "no such order" });
  fake.goDown();
  await fake.send("lost", "x");
  expect(await spanNamed("send lost")).toMatchObject({
    status: { code: SpanStatusCode.ERROR },
    attributes: { "dlq.status": "dropped", "error.type": "deadline" },
  });
  fake.comeBack();
});

it("a tracer that fails costs no message", async () => {
  await using fake = createFakeDlq();
  const tracer = vi.spyOn(TracerProvider.prototype, "getTracer").mockImplementation(() => {
    throw new Error("the tracer is broken");
  });
  onTestFinished(() => tracer.mockRestore());
  trace.disable();
  trace.setGlobalTracerProvider(new TracerProvider());
  onTestFinished(() => {
    trace.disable();
    trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors }));
  });
  expect(await fake.send("untraced", "x")).toMatchObject({ status: "sent" });
  fake.worker({ queues: ["untraced"], handler: () => {} });
  await fake.waitFor("untraced", "SUCCEEDED");
});

it("a context manager that fails costs no message", async () => {
  await using fake = createFakeDlq();
  context.disable();
  context.setGlobalContextManager(new BrokenContextManager());
  onTestFinished(() => {
    context.disable();
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  });
  expect(await fake.send("no-context", "x")).toMatchObject({ status: "sent" });
  fake.worker({ queues: ["no-context"], handler: () => {} });
  await fake.waitFor("no-context", "SUCCEEDED");
});

class BrokenContextManager extends AsyncLocalStorageContextManager {
  override with(): never {
    throw new Error("the context manager is broken");
  }
}

const NOOP = createNoopMeter();
const failing = () => {
  throw new Error("the meter is broken");
};
it.each([
  ["a meter provider that fails", () => ({ getMeter: failing })],
  ["a meter that fails", () => ({ getMeter: () => ({ createObservableGauge: failing }) as never })],
  [
    "a meter that fails at the end",
    () => ({ getMeter: () => new Proxy(NOOP, { get: lastFails }) }),
  ],
])("%s costs no message, and is logged", async (_, providerOf) => {
  const log = vi.spyOn(console, "error").mockImplementation(() => {});
  onTestFinished(() => log.mockRestore());
  metrics.disable();
  metrics.setGlobalMeterProvider(providerOf());
  onTestFinished(() => {
    metrics.disable();
    metrics.setGlobalMeterProvider(meters);
  });
  const fake = createFakeDlq();
  expect(await fake.send("unmetered", "x")).toMatchObject({ status: "sent" });
  fake.worker({ queues: ["unmetered"], handler: () => {} });
  await fake.waitFor("unmetered", "SUCCEEDED");
  expect(fake.status().sends.sent).toBe(1);
  await fake.close();
  expect(log.mock.calls.flat().join(" ")).toContain("the meter is broken");
});

function lastFails(meter: Meter, name: keyof Meter): unknown {
  return name === "removeBatchObservableCallback" ? failing : meter[name].bind(meter);
}

it("sends, handlers, the spool and the connection have metrics", async () => {
  await using fake = createFakeDlq({ timeoutMs: 20, onDropped: () => {} });
  await fake.send("metered", "x");
  fake.worker({ queues: ["metered"], handler: () => {} });
  await fake.waitFor("metered", "SUCCEEDED");
  const queue = "messaging.destination.name";
  const up = await collected();
  expect(up<number>("dlq.client.sends", queue).get("metered")).toBe(1);
  expect(up<Histogram>("messaging.process.duration", queue).get("metered")).toMatchObject({
    count: 1,
  });
  expect(up("dlq.client.available", "dlq.target")).toEqual(new Map([["fake.invalid:80", 1]]));
  fake.goDown();
  for (const payload of ["y", "z"]) await fake.send("metered", payload);
  const down = await collected();
  expect(down("dlq.client.available", "dlq.target")).toEqual(new Map([["fake.invalid:80", 0]]));
  expect(fake.status()).toMatchObject({
    isAvailable: false,
    lastError: expect.stringContaining("down"),
    sends: { sent: 1, dropped: 2 },
  });
});

it("a closed client has no metrics of its state", async () => {
  await createFakeDlq().close();
  const points = await collected();
  expect(points("dlq.client.available", "dlq.target")).toEqual(new Map());
});
