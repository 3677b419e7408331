import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { DlqService } from "../../../gen/dlq/v1/dlq_service_pb.ts";
import { seededRandom } from "../../support/random.ts";
import { payloadOf } from "../actors/letters.ts";
import { recording } from "../actors/recording.ts";
import { openHistory } from "../history/writer.ts";
import { STOCK_QUEUE } from "./crew.ts";
import type { World } from "./world.ts";

const BATCH = 1_000;
const DUE_IN_MS = 30 * 24 * 3_600_000;
const SEED = 1;

/**
 * Fills the store with messages that are due in a month: what a start has to load, and what must be
 * there untouched at the end. Resolves with the path of its history.
 */
export async function sendStock(world: World, count: number, folder: string): Promise<string> {
  const path = `${folder}/stock-producer-1.jsonl`;
  const history = openHistory(path);
  history.write({
    e: "started",
    actor: "stock-producer-1",
    role: "producer",
    language: "typescript",
  });
  const transport = createGrpcTransport({
    baseUrl: `http://${world.balancer}`,
    interceptors: [recording(history)],
  });
  const dlq = createClient(DlqService, transport);
  const random = seededRandom(SEED);
  for (let sent = 0; sent < count; sent += BATCH) {
    const requests = Array.from({ length: Math.min(BATCH, count - sent) }, (_, at) => {
      const source = `stock-${sent + at}`;
      const value = payloadOf(source, "stock", random);
      return {
        requestId: source,
        queue: STOCK_QUEUE,
        sourceId: source,
        payload: { body: { case: "text" as const, value } },
        firstRetry: { case: "delay" as const, value: durationFromMs(DUE_IN_MS) },
      };
    });
    const { results } = await dlq.sendToDlqBatch({ requests }, { timeoutMs: 30_000 });
    const refused = results.find(({ outcome }) => outcome.case !== "response");
    if (refused !== undefined) throw new Error(`stock was refused: ${JSON.stringify(refused)}`);
  }
  history.write({ e: "ended" });
  return path;
}
