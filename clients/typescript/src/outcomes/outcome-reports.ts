import { Code, type ConnectError } from "@connectrpc/connect";
import type { EventGap } from "../../../../gen/dlq/v1/event_pb.ts";
import { whyFailed } from "../call-error.ts";
import { log } from "../log.ts";
import { RepeatedWarning } from "../repeated-warning.ts";

/** Logs why outcome callbacks are late or missing, each line at most once a minute for all queues of a client. */
export class OutcomeReports {
  readonly #broken = new RepeatedWarning();
  readonly #gaps = new RepeatedWarning();
  readonly #full = new RepeatedWarning();
  #isUnknownLogged = false;

  broken(queue: string, error: ConnectError): void {
    if (error.code !== Code.Unimplemented) {
      this.#broken.warn(
        `outcome callbacks of queue "${queue}" wait: ${whyFailed(error)}; retrying`,
      );
    } else if (!this.#isUnknownLogged) {
      this.#isUnknownLogged = true;
      log("outcome callbacks are not called: the server has no WatchEvents; upgrade it");
    }
  }

  gap(queue: string, { missedCount, undoneCount }: EventGap): void {
    const missed = `up to ${missedCount} state changes were removed before they were read`;
    const undone = `the store lost up to ${undoneCount}`;
    this.#gaps.warn(
      `outcome callbacks of queue "${queue}" may be missing: ${missed}, and ${undone}; read the messages for their state`,
    );
  }

  /** @param limit of followed messages */
  full(limit: number): void {
    this.#full.warn(
      `outcome callbacks are not called for the oldest of more than ${limit} followed messages; use events in NATS`,
    );
  }
}
