import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { AckStatus, type DlqStubs } from "../../../clients/typescript/src/index.ts";
import type { Totals } from "./words.ts";

const LEASE_MS = 1_000;
const MOST_IN_FLIGHT = 1_000;
const AGAIN_MS = 100;

/**
 * A worker that never reports what it gets for the first time, and succeeds with what it gets again.
 * Its stream is opened anew whenever it ends, under the same session.
 */
export function startLosing(stubs: DlqStubs, queue: string, totals: Totals): void {
  let resumeSessionId = "";
  const work = async () => {
    const request = { queues: [queue], maxInFlight: MOST_IN_FLIGHT, resumeSessionId };
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
      // One that fails is a lease more that runs out.
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
