import { Code } from "@connectrpc/connect";
import { expect, it, onTestFinished, vi } from "vitest";
import { AckStatus } from "../../gen/dlq/v1/dlq_service_pb.ts";
import { QuotaFailureSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { errorOf } from "../rpc/in-memory.ts";
import { connectTo, statsOf } from "../support/grpc.ts";
import { startTestRedis } from "../support/redis.ts";
import { blob, sendRequest } from "../support/send-requests.ts";
import { startTestServer } from "../support/server.ts";
import { Worker } from "../support/worker.ts";

const MIB = 1024 * 1024;

it("a full Redis refuses only sends, and accepts them again when there is room", async () => {
  const redis = await startTestRedis({ appendonly: false, maxMemoryBytes: 24 * MIB });
  onTestFinished(() => redis.stop());
  // Compressed messages of one kind would never fill it.
  const args = ["--store-compress-min", "0"];
  const server = await startTestServer({ redisUrl: redis.url, args });
  onTestFinished(() => server.stop());
  const client = connectTo(server.grpcAddress);
  onTestFinished(() => client.close());
  const { dlq } = client;
  const large = sendRequest("q", { payload: blob(256 * 1024) });

  let stored = 0;
  const refusal = await vi.waitFor(
    async () => {
      for (;;) {
        const result = await dlq.sendToDlq(large).catch((error: unknown) => error);
        if (result instanceof Error) return errorOf(Promise.reject(result));
        stored++;
      }
    },
    { timeout: 20_000 },
  );
  expect(refusal.code).toBe(Code.ResourceExhausted);
  expect(refusal.findDetails(QuotaFailureSchema)[0]?.violations[0]?.subject).toBe("store");
  // Small messages may still fit. Soon the server refuses them too, before Redis does.
  await vi.waitFor(
    async () => {
      const small = dlq.sendToDlq(sendRequest("small"));
      expect((await errorOf(small)).code).toBe(Code.ResourceExhausted);
    },
    { timeout: 5_000 },
  );

  // Nothing was dropped to make room, and calls that free memory still work.
  expect(await statsOf(dlq, "q")).toMatchObject({ scheduled: BigInt(stored) });
  const worker = await Worker.open(dlq, { queues: ["q"], maxInFlight: 10 });
  for (let n = 0; n < stored / 2; n++) {
    expect((await worker.settle(await worker.next())).status).toBe(AckStatus.APPLIED);
  }
  expect((await statsOf(dlq, "q")).totals?.succeeded).toBe(BigInt(Math.ceil(stored / 2)));
  await vi.waitFor(() => dlq.sendToDlq(large));
  await worker.close();
});
