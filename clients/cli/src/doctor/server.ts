import { Code, ConnectError } from "@connectrpc/connect";
import { reasonOf, STORE_UNAVAILABLE } from "../call-errors.ts";
import { durationText } from "../output/times.ts";
import type { Run } from "../run.ts";
import type { Finding } from "./finding.ts";
import { natsFindings } from "./nats.ts";
import { storeFindings } from "./store.ts";

/** Any name: the queue need not exist. */
const QUEUE = "doctor";

/**
 * Checks that the server answers, accepts the token, reaches its store and has the newest calls.
 *
 * @throws ConnectError if the server does not answer or refuses the token: then nothing else can be checked
 */
export async function serverFindings(run: Run): Promise<Finding[]> {
  try {
    await run.dlq.stats({ queues: [QUEUE] }, run.call); // opens the connection
  } catch (error) {
    const store = storeFinding(error);
    return [okFinding("server", `${run.target} answers`), ...(await infoFindings(run)), store];
  }
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
      : okFinding("server", `${run.target} answers in ${time}; it reaches its store`);
  return [answers, ...(await infoFindings(run))];
}

const SLOW_MS = 500;
const HAS_ALL_CALLS = "the server has all calls of this program";

/** Returns the finding of a call that failed because the store does not answer. @throws any other error */
export function storeFinding(error: unknown): Finding {
  if (!(error instanceof ConnectError) || reasonOf(error) !== STORE_UNAVAILABLE) throw error;
  return {
    level: "problem",
    check: "store",
    what: error.rawMessage,
    advice: "look at the server's log and at /readyz on listen-http",
  };
}

function okFinding(check: string, what: string): Finding {
  return { level: "ok", check, what, advice: "" };
}

/** What the server says about itself and its store. */
async function infoFindings(run: Run): Promise<Finding[]> {
  try {
    const info = await run.admin.getServerInfo({}, run.call); // the newest call
    const version = okFinding("version", `server ${info.version} has all calls of this program`);
    return [version, ...storeFindings(info), ...natsFindings(info)];
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    // The server has the call; the store does not answer it.
    if (reasonOf(error) === STORE_UNAVAILABLE) return [okFinding("version", HAS_ALL_CALLS)];
    if (error.code !== Code.Unimplemented) throw error;
    return [
      {
        level: "warning",
        check: "version",
        what: `the server is older than this program: ${reasonOf(error) || "UNIMPLEMENTED"}`,
        advice: "update the server, or use the program of its version",
      },
    ];
  }
}
