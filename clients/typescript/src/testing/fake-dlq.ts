import { createDlqClient, type DlqClient } from "../client.ts";
import type { MessageStateName } from "../names.ts";
import type { DlqClientOptions } from "../options.ts";
import type { FakeMessage } from "./fake-message.ts";
import { fakeTransport } from "./fake-service.ts";
import { FakeStore } from "./fake-store.ts";

/** A client of a service in this process: the same interface, and a look at what is there. */
export interface FakeDlq extends DlqClient {
  /** All messages of a queue, or of all, those that are gone too; oldest first. */
  messages(queue?: string): readonly FakeMessage[];
  /** Resolves when so many messages of the queue are in that state; rejects after `timeoutMs` (5,000). */
  waitFor(
    queue: string,
    state: MessageStateName,
    count?: number,
    timeoutMs?: number,
  ): Promise<readonly FakeMessage[]>;
  /** Makes what waits or is in quarantine due now. */
  retry(queue?: string): void;
  /** From now on it answers as a service that is away. */
  goDown(): void;
  comeBack(): void;
}

/** Options of a fake: those of the client that make sense for it. */
export type FakeDlqOptions = Omit<DlqClientOptions, "url" | "transport" | "token" | "tls">;

const WAIT_MS = 5_000;
/** Names the server to a spool. */
const FAKE_URL = "http://fake.invalid";

/**
 * Messages are due at once, unless they were sent with a delay, and again at once after a failed
 * attempt; they are quarantined after the `maxRetries` of the message, or 3. Nothing is written to a
 * disk unless a `spool` is given: while it is down, sends are dropped after `timeoutMs`.
 */
export function createFakeDlq(options: FakeDlqOptions = {}): FakeDlq {
  const store = new FakeStore();
  const power = { isDown: false };
  const transport = fakeTransport(store, power);
  const spool = options.spool ?? false;
  const client = createDlqClient({ ...options, spool, url: FAKE_URL, transport });
  const messages = (queue?: string) =>
    store.messages.filter((message) => queue === undefined || message.queue === queue);
  return {
    ...client,
    messages,
    retry: (queue) => store.retry(messages(queue)),
    goDown() {
      power.isDown = true;
      store.changed();
    },
    comeBack() {
      power.isDown = false;
    },
    waitFor(queue, state, count = 1, timeoutMs = WAIT_MS) {
      const found = () => messages(queue).filter((message) => message.state === state);
      return new Promise((resolve, reject) => {
        const end = () => {
          stop();
          clearTimeout(timer);
        };
        const look = () => {
          if (found().length < count) return;
          end();
          resolve(found());
        };
        const stop = store.listen(look);
        const timer = setTimeout(() => {
          end();
          const words = `${found().length} messages of ${queue} are ${state} after ${timeoutMs} ms, not ${count}`;
          reject(new Error(words));
        }, timeoutMs);
        look();
      });
    },
  };
}
