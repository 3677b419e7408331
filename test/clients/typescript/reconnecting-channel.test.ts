// When the channel replaces its connection, and when it closes the old one.

import { Code, ConnectError } from "@connectrpc/connect";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type {
  Connection,
  DlqAdminStubs,
  DlqStubs,
} from "../../../clients/typescript/src/connection.ts";
import { ReconnectingChannel } from "../../../clients/typescript/src/reconnecting-channel.ts";

const timeout = new ConnectError("the operation timed out", Code.DeadlineExceeded);

let connections: { readonly stubs: DlqStubs; isClosed: boolean }[];
let channel: ReconnectingChannel;

beforeEach(() => {
  vi.useFakeTimers();
  connections = [];
  channel = new ReconnectingChannel(() => {
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

const openCount = () => connections.filter(({ isClosed }) => !isClosed).length;

it("repeated timeouts open at most one connection a second", () => {
  for (let at = 0; at < 50; at++) {
    vi.advanceTimersByTime(100);
    channel.failed(channel.stubs, timeout);
  }
  expect(connections.length).toBeGreaterThan(3);
  expect(connections.length).toBeLessThan(8);
});

it("a replaced connection is closed after 5 s", () => {
  vi.advanceTimersByTime(2_000);
  channel.failed(channel.stubs, timeout);
  expect(openCount()).toBe(2);
  vi.advanceTimersByTime(5_000);
  expect(openCount()).toBe(1);
});

it("close closes all connections, so that the process can end", () => {
  vi.advanceTimersByTime(2_000);
  channel.failed(channel.stubs, timeout);
  channel.close();
  expect(openCount()).toBe(0);
});
