import { Code, ConnectError } from "@connectrpc/connect";
import { reasonOf } from "../call-errors.ts";
import { durationText } from "../output/times.ts";
import type { Run } from "../run.ts";
import type { Finding } from "./finding.ts";

/** Any name: the queue need not exist. */
const QUEUE = "doctor";

/**
 * Checks that the server answers, accepts the token, reaches its store and has the newest calls.
 *
 * @throws ConnectError if the server does not answer or refuses the token: then nothing else can be checked
 */
export async function serverFindings(run: Run): Promise<Finding[]> {
  await run.dlq.stats({ queues: [QUEUE] }, run.call); // opens the connection
  const beganAtMs = performance.now();
  await run.dlq.stats({ queues: [QUEUE] }, run.call);
  const tookMs = performance.now() - beganAtMs;
  const time = durationText(tookMs);
  const answers: Finding =
    tookMs > SLOW_MS
      ? {
          level: "warning",
          check: "server",
          what: `${run.target} answers, but takes ${time}`,
          advice: "look at dlq_store_duration_seconds: Redis, its disk or the network is slow",
        }
      : {
          level: "ok",
          check: "server",
          what: `${run.target} answers in ${time}; it reaches its store`,
          advice: "",
        };
  return [answers, await versionFinding(run)];
}

const SLOW_MS = 500;

async function versionFinding(run: Run): Promise<Finding> {
  try {
    await run.admin.listGroups({ queue: QUEUE, pageSize: 1 }, run.call); // the newest one that only reads
    return {
      level: "ok",
      check: "version",
      what: "the server has all calls of this program",
      advice: "",
    };
  } catch (error) {
    if (!(error instanceof ConnectError) || error.code !== Code.Unimplemented) throw error;
    return {
      level: "warning",
      check: "version",
      what: `the server is older than this program: ${reasonOf(error) || "UNIMPLEMENTED"}`,
      advice: "update the server, or use the program of its version",
    };
  }
}
