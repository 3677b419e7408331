import type { Acked, Acking, Unacked } from "../history/event.ts";
import { OUTCOME_KINDS } from "../history/shape.ts";
import { CLOCK_TOLERANCE_MS, NEVER, type RunMs } from "./clock.ts";
import type { Delivery } from "./delivery.ts";
import type { Findings } from "./findings.ts";
import type { Ledger } from "./ledger.ts";

const NON_RETRYABLE = 32;

interface AckRequest {
  readonly deliveries: readonly Delivery[];
  /** Bits of each outcome: its kind, and NON_RETRYABLE. */
  readonly kinds: readonly number[];
  /** When its first try was sent. */
  readonly sentAt: RunMs;
  tries: number;
  refusedTries: number;
  /** Status, state and due time of each outcome, joined. Empty without an answer. */
  answer: string;
  answeredAt: RunMs;
}

/** The outcomes that one worker reported, and the answers. */
export class Acks {
  readonly #ledger: Ledger;
  readonly #findings: Findings;
  /** The actor acknowledges twice, late, with forged tokens and those of others, on purpose. */
  readonly #isOdd: boolean;
  readonly #requests = new Map<string, AckRequest>();

  constructor(ledger: Ledger, findings: Findings, isOdd: boolean) {
    this.#ledger = ledger;
    this.#findings = findings;
    this.#isOdd = isOdd;
  }

  acking({ request, outcomes }: Acking, at: RunMs): void {
    const kinds = outcomes.map(({ outcome, nonRetryable }) => {
      const kind = OUTCOME_KINDS[outcome];
      if (kind === undefined) throw new Error(`unknown outcome ${outcome}`);
      return nonRetryable === true ? kind | NON_RETRYABLE : kind;
    });
    const known = this.#requests.get(request);
    // The service remembers no calls without a request id.
    if (known !== undefined && request !== "") {
      known.tries++;
      const isSame =
        kinds.length === known.kinds.length &&
        outcomes.every(
          ({ token }, index) =>
            known.deliveries[index]?.token === token && known.kinds[index] === kinds[index],
        );
      if (!isSame) {
        this.#findings.broken("history-whole", `request ${request} has other outcomes than before`);
      }
      return;
    }
    if (known !== undefined) close(known);
    const deliveries = outcomes.map(({ token }) => {
      if (typeof token !== "string") throw new Error("an outcome has no token");
      const delivery = this.#ledger.token(token);
      if (!this.#isOdd) delivery.isAckedByPolite = true;
      return delivery;
    });
    const fresh = { tries: 1, refusedTries: 0, answer: "", answeredAt: NEVER };
    this.#requests.set(request, { deliveries, kinds, sentAt: at, ...fresh });
  }

  acked({ request, results }: Acked, at: RunMs): void {
    const own = this.#requests.get(request);
    if (own === undefined || results.length !== own.kinds.length) {
      const words = `request ${request} got ${results.length} answers to ${own?.kinds.length ?? 0} outcomes`;
      this.#findings.broken("history-whole", words);
      return;
    }
    const answer = results.map(textOf).join();
    if (own.answer !== "") {
      if (own.answer === answer) return;
      const words = `request ${request} was answered with ${own.answer}, then with ${answer}`;
      this.#findings.brokenUnlessForgotten("same-answer", words, own.sentAt, own.answeredAt);
      return;
    }
    own.answer = answer;
    own.answeredAt = at;
    results.forEach((result, index) => {
      this.#answered(own, index, result, at);
    });
  }

  unacked({ request, refused }: Unacked): void {
    const own = this.#requests.get(request);
    if (own === undefined) {
      this.#findings.broken("history-whole", `request ${request} failed, but was never sent`);
    } else if (refused) own.refusedTries++;
  }

  /** The history has ended: unanswered outcomes may have been applied. */
  end(): void {
    for (const request of this.#requests.values()) close(request);
  }

  #answered(own: AckRequest, index: number, result: Acked["results"][number], at: RunMs): void {
    const delivery = own.deliveries[index] as Delivery;
    switch (result.status) {
      case "APPLIED":
        this.#applied(own, index, result, at);
        return;
      case "LEASE_LOST":
        delivery.lostAt = Math.min(delivery.lostAt, at);
        this.#refused(own, index, at);
        return;
      case "NOT_FOUND":
        delivery.notFoundAt = Math.min(delivery.notFoundAt, at);
        this.#refused(own, index, at);
        return;
      case "INVALID":
      case "INTERNAL":
        return;
      default:
        throw new Error(`unknown status ${result.status}`);
    }
  }

  /**
   * An earlier try of a refused request may have been applied, until a rollback undid both the outcome and its stored
   * answer.
   */
  #refused(own: AckRequest, index: number, at: RunMs): void {
    const { tries, refusedTries, sentAt, deliveries, kinds } = own;
    if (tries - 1 <= refusedTries || !this.#findings.mayHaveForgotten(sentAt, at)) return;
    noteUnanswered(own, index);
    const isFailure = ((kinds[index] as number) & OUTCOME_KINDS.failed) !== 0;
    (deliveries[index] as Delivery).hasUndoneFailure ||= isFailure;
  }

  #applied(own: AckRequest, index: number, result: Acked["results"][number], at: RunMs): void {
    const delivery = own.deliveries[index] as Delivery;
    const bits = own.kinds[index] as number;
    const applied = {
      kind: bits & ~NON_RETRYABLE,
      nonRetryable: (bits & NON_RETRYABLE) !== 0,
      byOdd: this.#isOdd,
      state: result.state,
      dueAt: result.dueAt === undefined ? -NEVER : this.#ledger.clock.of(result.dueAt),
      from: own.sentAt,
      to: at,
    };
    const before = delivery.applied;
    if (before === undefined) {
      delivery.applied = applied;
      return;
    }
    const words = `token ${delivery.token} of ${delivery.message ?? "no message"}, by ${before.to} ms and by ${at} ms`;
    // After a rollback, the store may have applied either of the two first.
    const [from, to] = [Math.min(before.from, own.sentAt), Math.min(before.to, at)];
    this.#findings.brokenUnlessForgotten("applied-once", words, from, to + CLOCK_TOLERANCE_MS);
    const [undone, counts] = at > before.to ? [before, applied] : [applied, before];
    delivery.applied = counts;
    delivery.hasUndoneFailure ||= undone.kind === OUTCOME_KINDS.failed;
  }
}

/** An answer as a text, to compare answers. */
function textOf({ status, state, dueAt }: Acked["results"][number]): string {
  const after = state === undefined ? "" : ` ${state}`;
  return dueAt === undefined ? `${status}${after}` : `${status}${after} due at ${dueAt}`;
}

/** Notes that the outcomes may have been applied: some try was neither answered nor refused. */
function close(request: AckRequest): void {
  if (request.answer !== "" || request.tries <= request.refusedTries) return;
  request.deliveries.forEach((_, index) => {
    noteUnanswered(request, index);
  });
}

function noteUnanswered({ deliveries, kinds, sentAt }: AckRequest, index: number): void {
  const bits = kinds[index] as number;
  const nonRetryable = (bits & NON_RETRYABLE) !== 0;
  deliveries[index]?.noteUnanswered(bits & ~NON_RETRYABLE, nonRetryable, sentAt);
}
