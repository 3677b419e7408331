// The connection of sends and outcomes: when it is replaced, and what is left of it.

import { Code, ConnectError } from "@connectrpc/connect";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type {
  Connection,
  DlqAdminStubs,
  DlqStubs,
} from "../../../clients/typescript/src/connection.ts";
import { Line } from "../../../clients/typescript/src/line.ts";

const late = new ConnectError("the operation timed out", Code.DeadlineExceeded);

let connections: { readonly stubs: DlqStubs; isClosed: boolean }[];
let line: Line;

beforeEach(() => {
  vi.useFakeTimers();
  connections = [];
  line = new Line(() => {
    const one = { stubs: {} as DlqStubs, isClosed: false };
    connections.push(one);
    return {
      stubs: one.stubs,
      admin: {} as DlqAdminStubs,
      close: () => {
        one.isClosed = true;
      },
    } satisfies Connection;
  });
});
afterEach(() => {
  vi.useRealTimers();
});

const openOnes = () => connections.filter(({ isClosed }) => !isClosed).length;

it("calls that time out again and again cost a connection a second at most", () => {
  for (let at = 0; at < 50; at++) {
    vi.advanceTimersByTime(100);
    line.failed(line.stubs, late);
  }
  expect(connections.length).toBeGreaterThan(3);
  expect(connections.length).toBeLessThan(8);
});

it("one that was replaced may answer for a while, and is closed then", () => {
  vi.advanceTimersByTime(2_000);
  line.failed(line.stubs, late);
  expect(openOnes()).toBe(2);
  vi.advanceTimersByTime(5_000);
  expect(openOnes()).toBe(1);
});

it("its end leaves no connection open, so that the process can end", () => {
  vi.advanceTimersByTime(2_000);
  line.failed(line.stubs, late);
  line.close();
  expect(openOnes()).toBe(0);
});
