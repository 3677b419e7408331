// What sends say of the service.

import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { expect, it } from "vitest";
import type { DlqAdminStubs } from "../../../clients/typescript/src/connection.ts";
import { DlqService } from "../../../clients/typescript/src/gen/dlq/v1/dlq_service_pb.ts";
import { letterOf } from "../../../clients/typescript/src/letter.ts";
import { Line } from "../../../clients/typescript/src/line.ts";
import { coalesceOf } from "../../../clients/typescript/src/options.ts";
import { Reachability } from "../../../clients/typescript/src/reachability.ts";
import { Sender } from "../../../clients/typescript/src/sender.ts";
import { errorOf, until } from "./client.ts";

it("a send that can't be put on the wire says nothing of the service", async () => {
  const stubs = createClient(
    DlqService,
    createRouterTransport(() => {}),
  );
  const reachability = new Reachability();
  for (const beganAtMs of [0, 2]) reachability.failed(beganAtMs, beganAtMs + 1);
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
  const told: ConnectError[] = [];
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
