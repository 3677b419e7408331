import { Code, type ConnectError } from "@connectrpc/connect";
import type { EventGap } from "../../../../gen/dlq/v1/event_pb.ts";
import { whyFailed } from "../call-error.ts";
import { log } from "../log.ts";
import { RepeatedWarning } from "../repeated-warning.ts";

/** Logs why outcome callbacks are late or missing. Repeated lines come at most once a minute for all queues of a client. */
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

  opened(): void {
    this.#broken.end("outcome callbacks work again");
  }

  gap(queue: string, { missedCount, undoneCount }: EventGap): void {
    const missed = `${missedCount} state changes were removed before they were read`;
    const undone = `the store has lost ${undoneCount} state changes`;
    const causes = [...(missedCount > 0n ? [missed] : []), ...(undoneCount > 0n ? [undone] : [])];
    this.#gaps.warn(
      `outcome callbacks of queue "${queue}" may be missing: ${causes.join("; ")}; read the messages for their state`,
    );
  }

  /** @param limit of followed messages */
  full(limit: number): void {
    this.#full.warn(
      `more than ${limit} sent messages wait for their outcome: the oldest get no more callbacks; use events in NATS`,
    );
  }
}
