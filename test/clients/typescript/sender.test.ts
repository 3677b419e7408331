// The sender: what it makes of answers, and its moves to the spool.

import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { expect, it, vi } from "vitest";
import type { DlqAdminStubs } from "../../../clients/typescript/src/connection.ts";
import { DlqClientError } from "../../../clients/typescript/src/errors.ts";
import { coalesceOf } from "../../../clients/typescript/src/options.ts";
import { Reachability } from "../../../clients/typescript/src/reachability.ts";
import { ReconnectingChannel } from "../../../clients/typescript/src/reconnecting-channel.ts";
import { buildSendRequest } from "../../../clients/typescript/src/send-request.ts";
import { Sender } from "../../../clients/typescript/src/sender.ts";
import type { SpoolResult } from "../../../clients/typescript/src/spool/spool-store.ts";
import { DlqService } from "../../../gen/dlq/v1/dlq_service_pb.ts";
import { errorOf, until } from "./client.ts";

it("a send that cannot be encoded does not count as an answer of the service", async () => {
  const stubs = createClient(
    DlqService,
    createRouterTransport(() => {}),
  );
  const reachability = new Reachability();
  for (const beganAtMs of [0, 2]) reachability.failed(beganAtMs, undefined, beganAtMs + 1);
  const sender = new Sender({
    channel: new ReconnectingChannel(() => ({
      stubs,
      admin: {} as DlqAdminStubs,
      close: () => {},
    })),
    reachability,
    spool: undefined,
    coalesce: coalesceOf(undefined),
    tryTimeoutMs: 1_000,
  });
  const request = buildSendRequest("q", "x", undefined, { maxRetries: -1 }, undefined);
  const { result } = sender.add(request, 1_000, undefined, () => {});
  expect(errorOf(await result).kind).toBe("invalid");
  expect(reachability.isUnavailable()).toBe(true);
});

/** Returns an error with details, like those of the service: it is permanent. */
function refusedForGood(): ConnectError {
  const error = new ConnectError("no such thing", Code.InvalidArgument);
  error.details = [{ type: "google.rpc.ErrorInfo", value: new Uint8Array() }];
  return error;
}

/** Creates a sender. `answer` answers its calls, and its spool keeps a message when `keepAs` is called. */
function senderTo(answer: (queue: string) => Promise<object>) {
  const transport = createRouterTransport(({ rpc }) => {
    rpc(DlqService.method.sendToDlq, ({ queue }) => answer(queue));
  });
  const stubs = createClient(DlqService, transport);
  const warnings: unknown[] = [];
  const onDropped = vi.fn();
  const { promise: kept, resolve: keepAs } = Promise.withResolvers<SpoolResult>();
  const keep = vi.fn(() => kept);
  const sender = new Sender({
    channel: new ReconnectingChannel(() => ({
      stubs,
      admin: {} as DlqAdminStubs,
      close: () => {},
    })),
    reachability: new Reachability(),
    spool: { maxBytes: 1, keep, warn: (error) => void warnings.push(error) },
    coalesce: coalesceOf(undefined),
    tryTimeoutMs: 10_000,
  });
  const send = (queue: string) =>
    sender.add(buildSendRequest(queue, "x", undefined, {}, undefined), 10_000, undefined, onDropped)
      .result;
  return { sender, send, keep, keepAs, warnings, onDropped };
}

const closed = () => new DlqClientError("closed", "the client was closed");

it("a refusal is ignored once the send moves to the spool", async () => {
  const { promise: late, reject: refuse } = Promise.withResolvers<object>();
  const onCall = vi.fn();
  const { sender, send, keep, keepAs, onDropped } = senderTo((queue) => {
    onCall(queue);
    return queue === "late" ? late : Promise.resolve({});
  });
  const result = send("late");
  await until(() => onCall.mock.calls.length === 1, "the call");
  sender.giveUp(closed);
  expect(keep).toHaveBeenCalledOnce();
  refuse(refusedForGood());
  await send("other"); // is answered after the refusal
  keepAs("disk");
  expect(await result).toEqual({ status: "spooled", durable: true });
  expect(onDropped).not.toHaveBeenCalled();
});

it("a send that moves to the spool before its first try causes no warning", async () => {
  const { sender, send, keepAs, warnings } = senderTo(async () => ({}));
  const result = send("untried");
  sender.giveUp(closed);
  keepAs("disk");
  expect(await result).toEqual({ status: "spooled", durable: true });
  expect(warnings).toEqual([]);
});

it("a refusal causes a warning once the send is in the spool, and none if it has no room", async () => {
  const error = new ConnectError("who are you?", Code.Unauthenticated);
  const refuse = () => Promise.reject(error);
  for (const where of ["disk", "full"] as const) {
    const { send, keep, keepAs, warnings } = senderTo(refuse);
    const result = send("refused");
    await until(() => keep.mock.calls.length === 1, "the move to the spool");
    expect(warnings).toEqual([]);
    keepAs(where);
    await result;
    expect(warnings).toHaveLength(where === "disk" ? 1 : 0);
  }
});

it("a send longer than a record of the spool is dropped with that reason", async () => {
  const { sender, send, keepAs } = senderTo(async () => ({}));
  const result = send("long");
  sender.giveUp(closed);
  keepAs("too-long");
  expect(errorOf(await result)).toMatchObject({
    kind: "spool-full",
    message: expect.stringMatching(/^it is longer than 8 MiB/),
  });
});

it("an aborted send does not move to the spool when its refusal comes", async () => {
  const { promise: refused, resolve: refuse } = Promise.withResolvers<void>();
  const called: string[] = [];
  const transport = createRouterTransport(({ rpc }) => {
    rpc(DlqService.method.sendToDlq, async ({ queue }) => {
      called.push(queue);
      await refused;
      throw new ConnectError("who are you?", Code.Unauthenticated);
    });
  });
  const stubs = createClient(DlqService, transport);
  const kept: string[] = [];
  const warnings: unknown[] = [];
  const sender = new Sender({
    channel: new ReconnectingChannel(() => ({
      stubs,
      admin: {} as DlqAdminStubs,
      close: () => {},
    })),
    reachability: new Reachability(),
    spool: {
      maxBytes: 1,
      keep: async ({ wire }) => {
        kept.push(wire.queue);
        return "disk";
      },
      warn: (error) => void warnings.push(error),
    },
    coalesce: coalesceOf(undefined),
    tryTimeoutMs: 10_000,
  });
  const caller = new AbortController();
  const send = (queue: string, signal?: AbortSignal) =>
    sender.add(buildSendRequest(queue, "x", undefined, {}, undefined), 10_000, signal, () => {})
      .result;
  const first = send("aborted", caller.signal);
  await until(() => called.length === 1, "the call");
  caller.abort();
  expect(errorOf(await first)).toMatchObject({ kind: "aborted", maybeStored: true });
  refuse();
  expect(await send("refused")).toEqual({ status: "spooled", durable: true });
  expect(kept).toEqual(["refused"]);
  expect(warnings).toEqual([expect.objectContaining({ code: Code.Unauthenticated })]);
});
