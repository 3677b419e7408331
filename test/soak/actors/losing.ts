import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { AckStatus, type DlqStubs } from "../../../clients/typescript/src/index.ts";
import type { Totals } from "./protocol.ts";

const LEASE_MS = 1_000;
const MAX_IN_FLIGHT = 1_000;
const AGAIN_MS = 100;

/**
 * A worker that reports no outcome for the first delivery of a message, and a success for the second. It reopens its
 * stream in the same session.
 */
export function startLosing(stubs: DlqStubs, queue: string, totals: Totals): void {
  let resumeSessionId = "";
  const work = async () => {
    const request = { queues: [queue], maxInFlight: MAX_IN_FLIGHT, resumeSessionId };
    const frames = stubs.streamDue({ ...request, leaseDuration: durationFromMs(LEASE_MS) });
    for await (const { frame } of frames) {
      if (frame.case === "opened") {
        totals.streams++;
        if (frame.value.sessionId !== resumeSessionId) totals.sessions++;
        resumeSessionId = frame.value.sessionId;
      }
      if (frame.case !== "deliveries") continue;
      const outcomes = frame.value.deliveries
        .filter(({ deliveryNumber }) => deliveryNumber > 1)
        .map(({ leaseToken }) => ({
          leaseToken,
          result: { case: "succeeded", value: {} } as const,
        }));
      totals.lost += frame.value.deliveries.length - outcomes.length;
      if (outcomes.length === 0) continue;
      // If the call fails, another lease expires.
      stubs.ack({ outcomes }, { timeoutMs: 5_000 }).then(
        ({ results }) => {
          totals.succeeded += results.filter(({ status }) => status === AckStatus.APPLIED).length;
        },
        () => {},
      );
    }
  };
  const again = () => setTimeout(() => void work().then(again, again), AGAIN_MS);
  again();
}
