// What sends say of the service.

import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { expect, it, vi } from "vitest";
import type { DlqAdminStubs } from "../../../clients/typescript/src/connection.ts";
import { DlqClientError } from "../../../clients/typescript/src/errors.ts";
import { letterOf } from "../../../clients/typescript/src/letter.ts";
import { Line } from "../../../clients/typescript/src/line.ts";
import { coalesceOf } from "../../../clients/typescript/src/options.ts";
import { Reachability } from "../../../clients/typescript/src/reachability.ts";
import { Sender } from "../../../clients/typescript/src/sender.ts";
import type { Placed } from "../../../clients/typescript/src/spool/shelf.ts";
import { DlqService } from "../../../gen/dlq/v1/dlq_service_pb.ts";
import { errorOf, until } from "./client.ts";

it("a send that can't be put on the wire says nothing of the service", async () => {
  const stubs = createClient(
    DlqService,
    createRouterTransport(() => {}),
  );
  const reachability = new Reachability();
  for (const beganAtMs of [0, 2]) reachability.failed(beganAtMs, undefined, beganAtMs + 1);
  const sender = new Sender({
    line: new Line(() => ({ stubs, admin: {} as DlqAdminStubs, close: () => {} })),
    reachability,
    shelter: undefined,
    coalesce: coalesceOf(undefined),
    tryTimeoutMs: 1_000,
    onDropped: () => {},
  });
  const letter = letterOf("q", "x", undefined, { maxRetries: -1 }, undefined);
  const { result } = sender.add(letter, 1_000, undefined);
  expect(errorOf(await result).kind).toBe("invalid");
  expect(reachability.isAway()).toBe(true);
});

/** As the service refuses: with details, by which its word is known from that of a proxy. */
function refusedForGood(): ConnectError {
  const error = new ConnectError("no such thing", Code.InvalidArgument);
  error.details = [{ type: "google.rpc.ErrorInfo", value: new Uint8Array() }];
  return error;
}

/** A sender whose calls are answered by `answer`, and whose spool takes its time. */
function senderTo(answer: (queue: string) => Promise<object>) {
  const transport = createRouterTransport(({ rpc }) => {
    rpc(DlqService.method.sendToDlq, ({ queue }) => answer(queue));
  });
  const stubs = createClient(DlqService, transport);
  const told: unknown[] = [];
  const onDropped = vi.fn();
  const { promise: placed, resolve: place } = Promise.withResolvers<Placed>();
  const keep = vi.fn(() => placed);
  const sender = new Sender({
    line: new Line(() => ({ stubs, admin: {} as DlqAdminStubs, close: () => {} })),
    reachability: new Reachability(),
    shelter: { maxBytes: 1, keep, tellOf: (error) => void told.push(error) },
    coalesce: coalesceOf(undefined),
    tryTimeoutMs: 10_000,
    onDropped,
  });
  const send = (queue: string) =>
    sender.add(letterOf(queue, "x", undefined, {}, undefined), 10_000, undefined).result;
  return { sender, send, keep, place, told, onDropped };
}

const closed = () => new DlqClientError("closed", "the client was closed");

it("a refusal of what is on its way to the spool is left to the spool", async () => {
  const { promise: late, reject: refuse } = Promise.withResolvers<object>();
  const asked = vi.fn();
  const { sender, send, keep, place, onDropped } = senderTo((queue) => {
    asked(queue);
    return queue === "late" ? late : Promise.resolve({});
  });
  const result = send("late");
  await until(() => asked.mock.calls.length === 1, "the call");
  sender.giveUp(closed);
  expect(keep).toHaveBeenCalledOnce();
  refuse(refusedForGood());
  await send("other"); // another answer, after that one
  place("disk");
  expect(await result).toEqual({ status: "spooled", durable: true });
  expect(onDropped).not.toHaveBeenCalled();
});

it("what is kept before anybody has tried to send it is nothing to tell of", async () => {
  const { sender, send, place, told } = senderTo(async () => ({}));
  const result = send("untried");
  sender.giveUp(closed);
  place("disk");
  expect(await result).toEqual({ status: "spooled", durable: true });
  expect(told).toEqual([]);
});

it("a refusal is told as a reason to keep a send once it is kept, and not where there is no room", async () => {
  const error = new ConnectError("who are you?", Code.Unauthenticated);
  const refuse = () => Promise.reject(error);
  for (const placed of ["disk", "full"] as const) {
    const { send, keep, place, told } = senderTo(refuse);
    const result = send("refused");
    await until(() => keep.mock.calls.length === 1, "its way to the spool");
    expect(told).toEqual([]);
    place(placed);
    await result;
    expect(told).toHaveLength(placed === "disk" ? 1 : 0);
  }
});

it("a send that is longer than a record of the spool is told so", async () => {
  const { sender, send, place } = senderTo(async () => ({}));
  const result = send("long");
  sender.giveUp(closed);
  place("too-long");
  expect(errorOf(await result)).toMatchObject({
    kind: "spool-full",
    message: expect.stringMatching(/^it is longer than the 8 MiB/),
  });
});

it("a send that was aborted is not kept when its refusal comes", async () => {
  const { promise: refused, resolve: refuse } = Promise.withResolvers<void>();
  const asked: string[] = [];
  const transport = createRouterTransport(({ rpc }) => {
    rpc(DlqService.method.sendToDlq, async ({ queue }) => {
      asked.push(queue);
      await refused;
      throw new ConnectError("who are you?", Code.Unauthenticated);
    });
  });
  const stubs = createClient(DlqService, transport);
  const kept: string[] = [];
  const told: unknown[] = [];
  const sender = new Sender({
    line: new Line(() => ({ stubs, admin: {} as DlqAdminStubs, close: () => {} })),
    reachability: new Reachability(),
    shelter: {
      maxBytes: 1,
      keep: async ({ request }) => {
        kept.push(request.queue);
        return "disk";
      },
      tellOf: (error) => void told.push(error),
    },
    coalesce: coalesceOf(undefined),
    tryTimeoutMs: 10_000,
    onDropped: () => {},
  });
  const caller = new AbortController();
  const send = (queue: string, signal?: AbortSignal) =>
    sender.add(letterOf(queue, "x", undefined, {}, undefined), 10_000, signal).result;
  const first = send("aborted", caller.signal);
  await until(() => asked.length === 1, "the call");
  caller.abort();
  expect(errorOf(await first)).toMatchObject({ kind: "aborted", maybeStored: true });
  refuse();
  expect(await send("refused")).toEqual({ status: "spooled", durable: true });
  expect(kept).toEqual(["refused"]);
  expect(told).toEqual([expect.objectContaining({ code: Code.Unauthenticated })]);
});
