import { Code, createClient, createHandlerContext } from "@connectrpc/connect";
import { describe, expect, it, vi } from "vitest";
import { DlqService } from "../../gen/dlq/v1/dlq_service_pb.ts";
import { Health } from "../../gen/health/v1/health_pb.ts";
import type { SendResult } from "../../src/app/commands.ts";
import { storeUnavailable } from "../../src/core/errors.ts";
import { NO_METRICS } from "../../src/observe/metrics.ts";
import {
  clientOf,
  createRig,
  errorOf,
  type RigOptions,
  reasonOf,
  transportOf,
} from "./in-memory.ts";
import { opened, scheduled } from "./scripted-dlq.ts";

const SEND = { queue: "q", payload: { body: { case: "text" as const, value: "" } } };

describe("deadlines", () => {
  it("have a default if the client sets none", async () => {
    const rig = await createRig({ defaultTimeoutMs: 20 });
    rig.dlq.onSend = () => new Promise(() => {});
    const error = await errorOf(clientOf(rig).sendToDlq(SEND));
    expect(error.code).toBe(Code.DeadlineExceeded);
    expect(reasonOf(error)).toBe("DEADLINE_EXCEEDED");
    expect(error.rawMessage).toContain("20 ms");
  });

  it("have a maximum, whatever the client sets", async () => {
    const rig = await createRig({ defaultTimeoutMs: 10, maxTimeoutMs: 30 });
    rig.dlq.onSend = () => new Promise(() => {});
    const error = await errorOf(clientOf(rig).sendToDlq(SEND, { timeoutMs: 3_600_000 }));
    expect(error.code).toBe(Code.DeadlineExceeded);
    expect(error.rawMessage).toContain("30 ms");
  });

  it("bound a call whose token is removed while it runs", async () => {
    const rig = await createRig({ tokens: ["t1"], maxTimeoutMs: 30 });
    rig.dlq.onSend = () => {
      rig.credentials.replace([]);
      return new Promise(() => {});
    };
    const headers = { authorization: "Bearer t1" };
    const send = () => clientOf(rig).sendToDlq(SEND, { headers, timeoutMs: 3_600_000 });
    expect((await errorOf(send())).code).toBe(Code.DeadlineExceeded);
    expect((await errorOf(send())).code).toBe(Code.Unauthenticated);
    expect(rig.dlq.sent).toHaveLength(1);
  });

  it("do not cut a stream", async () => {
    const rig = await createRig({ defaultTimeoutMs: 1, maxTimeoutMs: 1 });
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    rig.dlq.onStream = async function* () {
      yield opened();
      await held;
      yield { kind: "heartbeat" };
    };
    const stream = clientOf(rig)
      .streamDue({ queues: ["q"] })
      [Symbol.asyncIterator]();
    await stream.next();
    setTimeout(release, 20);
    expect((await stream.next()).value?.frame.case).toBe("heartbeat");
  });

  it("end a stream if the client set one", async () => {
    const rig = await createRig();
    const stream = clientOf(rig).streamDue({ queues: ["q"] }, { timeoutMs: 50 });
    const it = stream[Symbol.asyncIterator]();
    await it.next();
    const error = await errorOf(it.next());
    expect(error.code).toBe(Code.DeadlineExceeded);
    expect(rig.dlq.streams[0]?.signal.aborted).toBe(true);
  });
});

describe("credentials", () => {
  const call = async (tokens: string[], authorization?: string) => {
    const rig = await createRig({ tokens });
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
    const client = clientOf(rig);
    const calls = [
      () => client.sendToDlq(SEND, { headers }),
      async () => {
        for await (const _ of client.streamDue({ queues: ["q"] }, { headers })) return;
      },
    ];
    const codes = await Promise.all(
      calls.map((one) =>
        one().then(
          () => undefined,
          (error: { code: Code }) => error.code,
        ),
      ),
    );
    return { rig, codes };
  };

  it.each([
    ["any of the tokens", "Bearer two"],
    ["another case of the scheme", "bearer one"],
  ])("accept %s", async (_, authorization) => {
    const { codes } = await call(["one", "two"], authorization);
    expect(codes).toEqual([undefined, undefined]);
  });

  it.each([
    ["nothing", undefined],
    ["another token", "Bearer three"],
    ["a part of one", "Bearer on"],
    ["another scheme", "Basic one"],
    ["an empty token", "Bearer "],
  ])("refuse %s before any use case is called", async (_, authorization) => {
    const { rig, codes } = await call(["one", "two"], authorization);
    expect(codes).toEqual([Code.Unauthenticated, Code.Unauthenticated]);
    expect(rig.dlq.sent).toEqual([]);
    expect(rig.dlq.streams).toEqual([]);
  });

  it("are not needed if the server has none", async () => {
    const { codes } = await call([]);
    expect(codes).toEqual([undefined, undefined]);
  });

  it("are not needed for health", async () => {
    const rig = await createRig({ tokens: ["one"] });
    const health = createClient(Health, transportOf(rig));
    expect((await health.check({})).status).toBe(1);
  });
});

describe("errors", () => {
  it("of a bug reveal only an id, and the log has the rest", async () => {
    const rig = await createRig();
    const bug = new Error("secret");
    rig.dlq.onSend = () => {
      throw bug;
    };
    const error = await errorOf(clientOf(rig).sendToDlq(SEND));
    expect(error.code).toBe(Code.Internal);
    expect(error.rawMessage).not.toContain("secret");
    expect(rig.logged).toMatchObject([
      { fields: { err: bug, method: "dlq.v1.DlqService/SendToDlq" } },
    ]);
    expect(error.rawMessage).toContain(rig.logged[0]?.fields.errorId);
  });

  it("of a bug in a stream reveal only an id", async () => {
    const rig = await createRig();
    rig.dlq.onStream = async function* () {
      yield opened();
      throw new Error("secret");
    };
    const stream = clientOf(rig)
      .streamDue({ queues: ["q"] })
      [Symbol.asyncIterator]();
    await stream.next();
    const error = await errorOf(stream.next());
    expect(error.code).toBe(Code.Internal);
    expect(error.rawMessage).not.toContain("secret");
    expect(rig.logged).toHaveLength(1);
  });

  it("that are expected are not logged", async () => {
    const rig = await createRig();
    rig.dlq.onSend = () => storeUnavailable(500);
    const error = await errorOf(clientOf(rig).sendToDlq(SEND));
    expect(error.code).toBe(Code.Unavailable);
    expect(rig.logged).toEqual([]);
  });
});

describe("metrics", () => {
  const counting = () => {
    const seen: [string, string][] = [];
    let open = 0;
    const options: RigOptions = {
      metrics: {
        ...NO_METRICS,
        rpc: (method, code, ms) => {
          expect(ms).toBeGreaterThanOrEqual(0);
          seen.push([method, code]);
        },
        streams: (_method, delta) => {
          open += delta;
        },
      },
    };
    return { seen, open: () => open, options };
  };

  it("count calls by method and code", async () => {
    const { seen, options } = counting();
    const rig = await createRig(options);
    await clientOf(rig).sendToDlq(SEND);
    await errorOf(clientOf(rig).sendToDlq({}));
    expect(seen).toEqual([
      ["dlq.v1.DlqService/SendToDlq", "OK"],
      ["dlq.v1.DlqService/SendToDlq", "INVALID_ARGUMENT"],
    ]);
  });

  it("count open streams until the client disconnects", async () => {
    const { seen, open, options } = counting();
    const rig = await createRig(options);
    const controller = new AbortController();
    const stream = clientOf(rig).streamDue({ queues: ["q"] }, { signal: controller.signal });
    const it = stream[Symbol.asyncIterator]();
    await it.next();
    expect(open()).toBe(1);
    controller.abort();
    await errorOf(it.next());
    await vi.waitFor(() => expect(open()).toBe(0));
    expect(seen).toEqual([["dlq.v1.DlqService/StreamDue", "CANCELLED"]]);
  });

  it("count calls in progress, also those whose client disconnected", async () => {
    const rig = await createRig({ defaultTimeoutMs: 5 });
    let finish: (result: SendResult) => void = () => {};
    rig.dlq.onSend = () => new Promise((resolve) => (finish = resolve));
    await errorOf(clientOf(rig).sendToDlq(SEND));
    expect(rig.guard.calls.active).toBe(1);
    const idle = rig.guard.calls.idle();
    finish(scheduled());
    await idle;
    expect(rig.guard.calls.active).toBe(0);
  });
});

describe("a guarded implementation without Connect", () => {
  it("is guarded in the same way", async () => {
    const { seen, options } = (() => {
      const codes: string[] = [];
      const metrics = { ...NO_METRICS, rpc: (_: string, code: string) => codes.push(code) };
      return { seen: codes, options: { metrics, tokens: ["one"] } };
    })();
    const rig = await createRig(options);
    const method = DlqService.method.stats;
    const context = createHandlerContext({
      service: DlqService,
      method,
      protocolName: "grpc",
      requestMethod: "POST",
      url: "http://localhost/",
    });
    const call = async () => await rig.services.dlq.stats({} as never, context);
    expect((await errorOf(call())).code).toBe(Code.Unauthenticated);
    expect(seen).toEqual(["UNAUTHENTICATED"]);
  });

  it("ends a stream that its consumer does not read when the signal aborts", async () => {
    const rig = await createRig();
    const context = createHandlerContext({
      service: DlqService,
      method: DlqService.method.streamDue,
      protocolName: "grpc",
      requestMethod: "POST",
      url: "http://localhost/",
    });
    let ended = false;
    rig.dlq.onStream = async function* () {
      try {
        yield opened();
        yield { kind: "heartbeat" };
      } finally {
        ended = true;
      }
    };
    const request = { queues: ["q"], workerId: "", resumeSessionId: "" } as never;
    const frames = rig.services.dlq.streamDue(request, context)[Symbol.asyncIterator]();
    await frames.next();
    context.abort();
    await vi.waitFor(() => expect(ended).toBe(true));
  });
});
