// A send carries the active span, and the handler runs within it.

import { AsyncLocalStorage } from "node:async_hooks";
import {
  type Context,
  type ContextManager,
  context,
  ROOT_CONTEXT,
  trace,
} from "@opentelemetry/api";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createFakeDlq } from "../../../clients/typescript/src/testing/index.ts";

/** A context manager like that of OpenTelemetry's SDK for Node. */
class Contexts implements ContextManager {
  readonly #active = new AsyncLocalStorage<Context>();

  active(): Context {
    return this.#active.getStore() ?? ROOT_CONTEXT;
  }
  with: ContextManager["with"] = (given, run, thisArg, ...args) =>
    this.#active.run(given, () => run.call(thisArg, ...args));
  bind: ContextManager["bind"] = (_, target) => target;
  enable(): this {
    return this;
  }
  disable(): this {
    return this;
  }
}

beforeAll(() => void context.setGlobalContextManager(new Contexts()));
afterAll(() => context.disable());

const span = { traceId: "4bf92f3577b34da6a3ce929d0e0e4736", spanId: "00f067aa0ba902b7" };
const inSpan = <T>(run: () => T): T =>
  context.with(trace.setSpanContext(context.active(), { ...span, traceFlags: 1 }), run);

it("a send carries the active span, and its handler runs within it", async () => {
  await using fake = createFakeDlq();
  await inSpan(() => fake.send("q", "x", new Error("it broke")));
  expect(fake.messages()[0]?.request.traceContext).toMatchObject({
    traceparent: `00-${span.traceId}-${span.spanId}-01`,
  });
  const seen = new Promise((done) => {
    fake.worker({
      queues: ["q"],
      handler: async () => {
        await Promise.resolve();
        done(trace.getActiveSpan()?.spanContext());
      },
    });
  });
  expect(await seen).toMatchObject({ ...span, traceFlags: 1, isRemote: true });
});

it("the traceContext of a send overrides the span, and without both there is none", async () => {
  await using fake = createFakeDlq();
  const traceparent = `00-${"a".repeat(32)}-${"b".repeat(16)}-00`;
  await inSpan(() => fake.send("q", "own", undefined, { traceContext: { traceparent } }));
  await fake.send("q", "none");
  const traces = fake.messages().map(({ request }) => request.traceContext?.traceparent);
  expect(traces).toEqual([traceparent, undefined]);
});
