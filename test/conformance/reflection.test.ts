// Both versions, by bidirectional streams if the protocol has them.

import { once } from "node:events";
import { constants } from "node:http2";
import { fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { describe, expect, it, vi } from "vitest";
import {
  ServerReflection,
  ServerReflectionRequestSchema,
  ServerReflectionResponseSchema,
} from "../../gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflectionAlpha } from "../../src/rpc/reflection-alpha.ts";
import { GRPC_CLIENTS, HTTP_CLIENTS, open, readAll } from "./clients.ts";
import { inProgress, startServer, untilIdle } from "./listener.ts";
import { encode, frameOf, openRaw } from "./raw.ts";

const LIST = { messageRequest: { case: "listServices" as const, value: "" } };
const SYMBOL = "dlq.v1.DlqService.Ack";
const ASK = { messageRequest: { case: "fileContainingSymbol" as const, value: SYMBOL } };
const NAMES = [
  "dlq.v1.DlqService",
  "dlq.v1.DlqAdminService",
  "grpc.health.v1.Health",
  "grpc.reflection.v1.ServerReflection",
  "grpc.reflection.v1alpha.ServerReflection",
];

// The messages of both versions are the same; only the path differs.
const VERSIONS = [ServerReflection, ServerReflectionAlpha].map(({ typeName }) => ({
  typeName,
  method: {
    ...ServerReflection.method.serverReflectionInfo,
    parent: { ...ServerReflection, typeName },
  },
}));

describe.for(GRPC_CLIENTS)("$name", (client) => {
  it.for(VERSIONS)("asks $typeName", async ({ method }) => {
    const server = await startServer();
    const stream = open(client, server).stream(method, [LIST, ASK]);
    const [list, file] = (await readAll(stream)).map(({ messageResponse }) => messageResponse);
    expect(list).toMatchObject({
      case: "listServicesResponse",
      value: { service: NAMES.map((name) => ({ name })) },
    });
    if (file?.case !== "fileDescriptorResponse") throw new Error(`it is ${file?.case}`);
    const files = file.value.fileDescriptorProto.map((bytes) =>
      fromBinary(FileDescriptorProtoSchema, bytes),
    );
    expect(files.map(({ name }) => name)).toContain("dlq/v1/dlq_service.proto");
    expect(await stream.ended).toMatchObject({ code: 0 });
    await untilIdle(server);
  });
});

describe.for(HTTP_CLIENTS)("$name", (client) => {
  it.for(VERSIONS)(
    "can't ask $typeName by HTTP/1.1, and is not left waiting",
    async ({ method }) => {
      const server = await startServer();
      const stream = open(client, server).stream(method, [LIST], { timeoutMs: 5_000 });
      await readAll(stream);
      const outcome = await stream.ended;
      expect(outcome.code).not.toBe(0);
      expect(outcome.message).toContain("505");
      await untilIdle(server);
    },
  );
});

it.for(VERSIONS)(
  "questions to $typeName are answered one by one, as they come",
  async (version) => {
    const server = await startServer();
    const raw = await openRaw(server.grpc);
    const call = raw.call(`/${version.typeName}/ServerReflectionInfo`);
    for (let n = 1; n <= 3; n++) {
      call.stream.write(encode(ServerReflectionRequestSchema, LIST));
      while (call.messages(ServerReflectionResponseSchema).length < n) {
        await once(call.stream, "data");
      }
    }
    call.stream.end();
    expect(await call.ended).toMatchObject({ code: 0 });
    await untilIdle(server);
  },
);

describe("a conversation", () => {
  const PATH = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";

  /** After one request was answered, with the stream still open. */
  async function startTalking(headers = {}) {
    const server = await startServer();
    const raw = await openRaw(server.grpc);
    const call = raw.call(PATH, headers);
    call.stream.write(encode(ServerReflectionRequestSchema, LIST));
    await once(call.stream, "data");
    await vi.waitFor(async () => expect((await inProgress(server)).streams).toBe(1));
    return { server, raw, call };
  }

  it.for([
    ["bytes that are no message", frameOf(Buffer.from([255, 255])), Code.InvalidArgument],
    ["half a message", frameOf(Buffer.alloc(10)).subarray(0, 9), Code.InvalidArgument],
    ["a message above the limit", Buffer.from([0, 255, 0, 0, 0]), Code.ResourceExhausted],
  ] as const)("ends at %s, after what was answered before", async ([, bytes, code]) => {
    const { server, call } = await startTalking();
    call.stream.end(bytes);
    expect(await call.ended).toMatchObject({ code });
    expect(call.messages(ServerReflectionResponseSchema)).toHaveLength(1);
    await untilIdle(server);
  });

  it("ends at its deadline, while its client is still open", async () => {
    const { server, call } = await startTalking({ "grpc-timeout": "200m" });
    expect(await call.ended).toMatchObject({ code: Code.DeadlineExceeded });
    await untilIdle(server);
  });

  it("ends when its client resets it", async () => {
    const { server, call } = await startTalking();
    call.stream.close(constants.NGHTTP2_CANCEL);
    await untilIdle(server);
  });

  it("ends when its connection breaks", async () => {
    const { server, raw } = await startTalking();
    raw.session.socket.resetAndDestroy();
    await untilIdle(server);
  });

  it("ends when its client half-closes without another request", async () => {
    const { server, call } = await startTalking();
    call.stream.end();
    expect(await call.ended).toMatchObject({ code: 0 });
    await untilIdle(server);
  });
});
