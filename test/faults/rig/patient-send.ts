import { setTimeout as sleep } from "node:timers/promises";
import { Code } from "@connectrpc/connect";
import type { ErrorStatus } from "../../../gen/dlq/v1/dlq_service_pb.ts";
import type { DlqClient } from "../../support/grpc.ts";
import type { SendRequest } from "../../support/send-requests.ts";

const TRIES = 20;
const AGAIN_MS = 500;
const CALL_MS = 30_000;

/**
 * Sends a batch, again under the same request ids while the store is unavailable. Returns the refused requests with their
 * errors.
 */
export async function sendPatiently(
  dlq: DlqClient,
  requests: readonly (SendRequest & { readonly requestId: string })[],
): Promise<ReadonlyMap<SendRequest, ErrorStatus>> {
  for (let triesLeft = TRIES; ; triesLeft--) {
    const { results } = await dlq.sendToDlqBatch(
      { requests: [...requests] },
      { timeoutMs: CALL_MS },
    );
    const refused = new Map<SendRequest, ErrorStatus>();
    requests.forEach((request, at) => {
      const outcome = results[at]?.outcome;
      if (outcome?.case === "error") refused.set(request, outcome.value);
    });
    const isUnavailable = [...refused.values()].some(({ code }) => code === Code.Unavailable);
    if (!isUnavailable || triesLeft === 1) return refused;
    await sleep(AGAIN_MS);
  }
}

/** The same for requests that must be accepted. @throws Error if one is refused */
export async function sendAllPatiently(
  dlq: DlqClient,
  requests: readonly (SendRequest & { readonly requestId: string })[],
): Promise<void> {
  const [refused] = (await sendPatiently(dlq, requests)).values();
  if (refused !== undefined) throw new Error(`refused: ${Code[refused.code]} ${refused.message}`);
}
