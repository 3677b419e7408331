import { fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { describe, expect, it } from "vitest";
import { file_dlq_v1_dlq_service } from "../../gen/dlq/v1/dlq_service_pb.ts";
import { ServerReflection } from "../../gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflectionAlpha } from "../../src/rpc/reflection-alpha.ts";
import { grpcurl } from "../support/grpcurl.ts";
import { startServer } from "./sockets.ts";

describe.each([
  ["v1", ServerReflection],
  ["v1alpha", ServerReflectionAlpha],
])("reflection %s", (_, service) => {
  type Question = NonNullable<Parameters<typeof ask>[1]>;
  async function ask(address: string, messageRequest: { case: string; value: unknown }) {
    const client = createClient(service, createGrpcTransport({ baseUrl: `http://${address}` }));
    async function* questions() {
      yield { host: "h", messageRequest } as never;
    }
    for await (const answer of client.serverReflectionInfo(questions())) return answer;
    throw new Error("no answer");
  }
  const files = async (address: string, question: Question) => {
    const { messageResponse } = await ask(address, question);
    if (messageResponse.case !== "fileDescriptorResponse") throw new Error(messageResponse.case);
    return messageResponse.value.fileDescriptorProto.map((bytes) =>
      fromBinary(FileDescriptorProtoSchema, bytes),
    );
  };

  it("lists public services and nothing internal", async () => {
    const { grpc } = await startServer();
    const answer = await ask(grpc, { case: "listServices", value: "" });
    expect(answer).toMatchObject({
      validHost: "h",
      originalRequest: { messageRequest: { case: "listServices" } },
      messageResponse: {
        value: {
          service: [
            { name: "dlq.v1.DlqService" },
            { name: "dlq.v1.DlqAdminService" },
            { name: "grpc.health.v1.Health" },
            { name: "grpc.reflection.v1.ServerReflection" },
            { name: "grpc.reflection.v1alpha.ServerReflection" },
          ],
        },
      },
    });
  });

  it.each([
    ["dlq.v1.DlqService", "dlq/v1/dlq_service.proto"],
    ["dlq.v1.DlqService.Ack", "dlq/v1/dlq_service.proto"],
    ["dlq.v1.Delivery", "dlq/v1/dlq_service.proto"],
    ["dlq.v1.SendToDlqRequest.ttl", "dlq/v1/dlq_service.proto"],
    ["dlq.v1.SendToDlqRequest.first_retry", "dlq/v1/dlq_service.proto"],
    ["dlq.v1.Reason", "dlq/v1/state.proto"],
    ["dlq.v1.REASON_TIMEOUT", "dlq/v1/state.proto"],
    ["google.protobuf.Duration", "google/protobuf/duration.proto"],
    ["grpc.health.v1.HealthCheckResponse.ServingStatus", "health/v1/health.proto"],
  ])("finds %s", async (symbol, file) => {
    const { grpc } = await startServer();
    const [first] = await files(grpc, { case: "fileContainingSymbol", value: symbol });
    expect(first?.name).toBe(file);
  });

  it("sends a file with its imports", async () => {
    const { grpc } = await startServer();
    const found = await files(grpc, { case: "fileByFilename", value: "dlq/v1/dlq_service.proto" });
    const names = found.map((one) => one.name);
    expect(names).toEqual([...new Set(names)]);
    const wanted = found.flatMap((one) => one.dependency);
    expect(names).toEqual(expect.arrayContaining(wanted));
  });

  it("has comments, unlike generated descriptors", async () => {
    expect(file_dlq_v1_dlq_service.proto.sourceCodeInfo).toBeUndefined();
    const { grpc } = await startServer();
    const [file] = await files(grpc, { case: "fileContainingSymbol", value: "dlq.v1.DlqService" });
    const comments = file?.sourceCodeInfo?.location.map((one) => one.leadingComments) ?? [];
    expect(comments.join()).toContain("Stores one dead letter");
  });

  it.each([
    ["fileContainingSymbol", "dlq.v1.Nothing"],
    ["fileContainingSymbol", "dlq.storage.v1.Envelope"],
    ["fileByFilename", "dlq/storage/v1/envelope.proto"],
    ["fileContainingExtension", { containingType: "x", extensionNumber: 1 }],
    ["allExtensionNumbersOfType", "x"],
  ])("answers %s %s with an error and continues", async (question, value) => {
    const { grpc } = await startServer();
    const answer = await ask(grpc, { case: question, value });
    expect(answer.messageResponse).toMatchObject({
      case: "errorResponse",
      value: { errorCode: 5 },
    });
  });
});

describe("grpcurl", () => {
  it("lists, describes with comments, and calls", async () => {
    const { grpc, dlq } = await startServer();
    expect((await grpcurl("-plaintext", grpc, "list")).out).toContain("dlq.v1.DlqService");

    const service = await grpcurl("-plaintext", grpc, "describe", "dlq.v1.DlqService");
    expect(service.out).toContain("// Stores one dead letter and decides when it is retried");
    const field = await grpcurl("-plaintext", grpc, "describe", "dlq.v1.SendToDlqRequest");
    expect(field.out).toContain("// The queue it belongs to");

    const body = JSON.stringify({ queue: "orders", payload: { text: "{}" }, delay: "1s" });
    const call = await grpcurl("-plaintext", "-d", body, grpc, "dlq.v1.DlqService/SendToDlq");
    expect(call).toMatchObject({
      code: 0,
      out: expect.stringContaining("MESSAGE_STATE_SCHEDULED"),
    });
    expect(dlq.sent[0]).toMatchObject({ queue: "orders", delayMs: 1_000 });
  });

  it("shows the details of an error", async () => {
    const { grpc } = await startServer();
    const call = await grpcurl("-plaintext", "-d", "{}", grpc, "dlq.v1.DlqService/SendToDlq");
    expect(call.code).not.toBe(0);
    expect(call.out).toContain("Code: InvalidArgument");
    expect(call.out).toContain("queue");
  });

  it("can only call health without a token", async () => {
    const { grpc } = await startServer({ tokens: ["t1"] });
    expect((await grpcurl("-plaintext", grpc, "list")).out).toContain("no valid credentials");
    const listed = await grpcurl("-plaintext", "-H", "authorization: Bearer t1", grpc, "list");
    expect(listed.out).toContain("dlq.v1.DlqService");
  });

  it("checks health", async () => {
    const { grpc } = await startServer();
    const check = await grpcurl("-plaintext", grpc, "grpc.health.v1.Health/Check");
    expect(check.out).toContain("SERVING");
  });
});
