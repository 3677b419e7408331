import type { Extended, Extending, Unextended } from "../history/event.ts";
import type { RunMs } from "./clock.ts";
import type { Findings } from "./findings.ts";
import type { Ledger } from "./ledger.ts";

/** The lease extensions of one worker. Unanswered ones may have made leases longer. */
export class Extensions {
  readonly #ledger: Ledger;
  readonly #findings: Findings;
  /** Request -> when it was sent. */
  readonly #open = new Map<string, RunMs>();

  constructor(ledger: Ledger, findings: Findings) {
    this.#ledger = ledger;
    this.#findings = findings;
  }

  extending({ request }: Extending, at: RunMs): void {
    if (!this.#open.has(request)) this.#open.set(request, at);
  }

  extended({ request, leases }: Extended): void {
    const sentAt = this.#open.get(request);
    if (sentAt === undefined) {
      this.#unasked(request);
      return;
    }
    this.#open.delete(request);
    for (const { token, expires } of leases) {
      if (typeof token !== "string" || typeof expires !== "number") {
        throw new Error("a lease has no token or no end");
      }
      const delivery = this.#ledger.token(token);
      delivery.isNamed = true;
      delivery.leaseEnd = Math.max(delivery.leaseEnd, this.#ledger.clock.of(expires));
      delivery.extendSentAt = Math.max(delivery.extendSentAt, sentAt);
    }
  }

  unextended({ request }: Unextended): void {
    if (!this.#open.delete(request)) this.#unasked(request);
  }

  #unasked(request: string): void {
    this.#findings.broken("history-whole", `extension ${request} was answered, but never sent`);
  }
}
