// What a worker without `onError` logs.

import { expect, it, onTestFinished, vi } from "vitest";
import { DlqClientError } from "../../../clients/typescript/src/errors.ts";
import type { Delivery } from "../../../clients/typescript/src/worker/delivery.ts";
import { createWorkerReports } from "../../../clients/typescript/src/worker/worker-reports.ts";

function reportsOf(queues: readonly string[]) {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const log = vi.spyOn(console, "error").mockImplementation(() => {});
  onTestFinished(() => log.mockRestore());
  const reports = createWorkerReports({ queues, handler: () => {} });
  return { ...reports, lines: () => log.mock.calls.map(([line]) => line) };
}

const refused = new DlqClientError("unauthenticated", "no valid credentials; do this");

it("a refused token is logged once a minute, with the queue", () => {
  const { error, lines } = reportsOf(["orders"]);
  error(refused);
  vi.advanceTimersByTime(59_999);
  error(refused);
  const line =
    'dlq: the worker of queue "orders" is refused: no valid credentials; do this; retrying';
  expect(lines()).toEqual([line]);
  vi.advanceTimersByTime(1);
  error(refused);
  expect(lines()).toEqual([line, line]);
});

it("at most three queues are named", () => {
  const { error, lines } = reportsOf(["a", "b", "c", "d"]);
  error(refused);
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
