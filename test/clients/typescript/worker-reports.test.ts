// What a worker without `onError` logs.

import { Code, ConnectError } from "@connectrpc/connect";
import { expect, it, onTestFinished, vi } from "vitest";
import { DlqClientError } from "../../../clients/typescript/src/errors.ts";
import type { Delivery, HeldDelivery } from "../../../clients/typescript/src/worker/delivery.ts";
import { createWorkerReports } from "../../../clients/typescript/src/worker/worker-reports.ts";

function reportsOf(queues: readonly string[]) {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const log = vi.spyOn(console, "error").mockImplementation(() => {});
  onTestFinished(() => log.mockRestore());
  const reports = createWorkerReports({ queues, handler: () => {} });
  return { ...reports, lines: () => log.mock.calls.map(([line]) => line) };
}

const refused = new ConnectError("no valid credentials", Code.Unauthenticated);

it("a refused token is logged once a minute, with the queue", () => {
  const { broken, lines } = reportsOf(["orders"]);
  broken(refused);
  vi.advanceTimersByTime(59_999);
  broken(refused);
  const line =
    'dlq: the worker of queue "orders" is refused: no valid credentials; give the client a valid `token`; retrying';
  expect(lines()).toEqual([line]);
  vi.advanceTimersByTime(1);
  broken(refused);
  expect(lines()).toEqual([line, line]);
});

it("a broken stream is logged once a minute, with the queue and what to check, and its end once", () => {
  const { broken, opened, lines } = reportsOf(["orders"]);
  opened();
  const cause = Object.assign(new Error("x"), { code: "ECONNREFUSED" });
  const lost = new ConnectError(
    "connect ECONNREFUSED 127.0.0.1:1",
    Code.Unavailable,
    {},
    [],
    cause,
  );
  for (let n = 0; n < 3; n++) broken(lost);
  for (let n = 0; n < 2; n++) opened();
  expect(lines()).toEqual([
    'dlq: the worker of queue "orders" gets no messages: connect ECONNREFUSED 127.0.0.1:1; is the server at `url` up?; retrying',
    'dlq: the worker of queue "orders" works again',
  ]);
});

it("the end of a worker is logged with its queue", () => {
  const { ended, lines } = reportsOf(["orders"]);
  ended(new DlqClientError("refused", "no such method"));
  expect(lines()).toEqual(['dlq: the worker of queue "orders" has stopped: no such method']);
});

it("at most three queues are named", () => {
  const { broken, lines } = reportsOf(["a", "b", "c", "d"]);
  broken(refused);
  expect(lines()[0]).toContain('the worker of queues "a", "b", "c", … is refused');
});

it("other errors are all logged", () => {
  const { error, lines } = reportsOf(["orders"]);
  for (const text of ["one", "two"]) error(new DlqClientError("connection", text));
  expect(lines()).toEqual(["dlq: one", "dlq: two"]);
});

it("a failed handler is logged with its stack and causes, but not with other fields of the error", () => {
  const { handlerFailed, lines } = reportsOf(["orders"]);
  const cause = new Error("socket closed");
  const thrown = Object.assign(new RangeError("no stock", { cause }), { password: "hunter2" });
  handlerFailed([{ id: "id-1", queue: "orders", attempt: 2 } as Delivery], thrown);
  const [line = ""] = lines();
  expect(line).toMatch(
    /^dlq: the handler failed: message id-1 of queue "orders", attempt 2\nRangeError: no stock\n +at /,
  );
  expect(line).toContain("[cause]: Error: socket closed\n");
  expect(line).not.toContain("hunter2");
  expect(lines()).toHaveLength(1);
});

it("handlers that a stopping worker cancels are logged with the queue, three messages and the time", () => {
  const { aborted, lines } = reportsOf(["orders"]);
  const run = (...ids: readonly string[]) => ({
    batch: ids.map((id) => ({ id, queue: "orders", attempt: 2 }) as HeldDelivery),
    beganAtMs: performance.now(),
    handledMs: 0,
    forwardings: [],
    isDecided: false,
  });
  const first = run("id-1");
  vi.advanceTimersByTime(30_000);
  const second = run("id-2", "id-3", "id-4");
  vi.advanceTimersByTime(11_300);
  aborted([first, second]);
  expect(lines()).toEqual([
    'dlq: the worker of queue "orders" stops and cancels handlers that still run: message id-1 of queue "orders", attempt 2, for 41.3 s; message id-2 of queue "orders", attempt 2, for 11.3 s; message id-3 of queue "orders", attempt 2, for 11.3 s; 1 more; their messages are released; raise drainTimeoutMs if handlers need longer',
  ]);
});
