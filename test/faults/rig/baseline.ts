import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { DlqService } from "../../../gen/dlq/v1/dlq_service_pb.ts";
import { seededRandom } from "../../support/random.ts";
import { payloadOf } from "../actors/payloads.ts";
import { recording } from "../actors/recording.ts";
import { openHistory } from "../history/writer.ts";
import type { Environment } from "./environment.ts";
import { sendAllPatiently } from "./patient-send.ts";
import { BASELINE_QUEUE } from "./queues.ts";

const BATCH = 1_000;
const DUE_IN_MS = 30 * 24 * 3_600_000;
const SEED = 1;

/**
 * Stores the baseline: messages that are due in a month. They make starts realistic and must be unchanged at the end.
 * Resolves with the path of its history.
 */
export async function sendBaseline(
  environment: Environment,
  count: number,
  folder: string,
): Promise<string> {
  const path = `${folder}/baseline-producer-1.jsonl`;
  const history = openHistory(path);
  history.write({
    e: "started",
    actor: "baseline-producer-1",
    role: "producer",
    language: "typescript",
  });
  const transport = createGrpcTransport({
    baseUrl: `http://${environment.balancer}`,
    interceptors: [recording(history)],
  });
  const dlq = createClient(DlqService, transport);
  const random = seededRandom(SEED);
  for (let sent = 0; sent < count; sent += BATCH) {
    const requests = Array.from({ length: Math.min(BATCH, count - sent) }, (_, at) => {
      const source = `baseline-${sent + at}`;
      const value = payloadOf(source, "baseline", random);
      return {
        requestId: source,
        queue: BASELINE_QUEUE,
        sourceId: source,
        payload: { body: { case: "text" as const, value } },
        firstRetry: { case: "delay" as const, value: durationFromMs(DUE_IN_MS) },
      };
    });
    await sendAllPatiently(dlq, requests);
  }
  history.write({ e: "ended" });
  return path;
}
