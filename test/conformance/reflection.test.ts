// Both versions, by bidirectional streams where the protocol has them.

import { once } from "node:events";
import { fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import {
  ServerReflection,
  ServerReflectionRequestSchema,
  ServerReflectionResponseSchema,
} from "../../gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as ServerReflectionAlpha } from "../../gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { GRPC_CLIENTS, HTTP_CLIENTS, open, readAll } from "./clients.ts";
import { startServer, untilIdle } from "./listener.ts";
import { encode, openRaw } from "./raw.ts";

const LIST = { messageRequest: { case: "listServices" as const, value: "" } };
const SYMBOL = "dlq.v1.DlqService.Ack";
const ASK = { messageRequest: { case: "fileContainingSymbol" as const, value: SYMBOL } };
const NAMES = [
  "dlq.v1.DlqService",
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
