import { createDlqClient, type DlqClient } from "../client.ts";
import type { MessageStateName } from "../enum-names.ts";
import type { DlqClientOptions } from "../options.ts";
import type { FakeMessage } from "./fake-message.ts";
import { fakeTransport } from "./fake-service.ts";
import { FakeStore } from "./fake-store.ts";

/** A client of a fake service in this process, with access to its messages. */
export interface FakeDlq extends DlqClient {
  /** Returns the messages of a queue, or of all queues, oldest first; done ones too. */
  messages(queue?: string): readonly FakeMessage[];
  /** Resolves when `count` messages of the queue have that state. Rejects after `timeoutMs` (5,000). */
  waitFor(
    queue: string,
    state: MessageStateName,
    count?: number,
    timeoutMs?: number,
  ): Promise<readonly FakeMessage[]>;
  /** Makes scheduled and quarantined messages due now. */
  retry(queue?: string): void;
  /** Makes the service unavailable. */
  goDown(): void;
  /** Makes the service available again. */
  comeBack(): void;
}

/** Options of a fake. */
export type FakeDlqOptions = Omit<DlqClientOptions, "url" | "transport" | "token" | "tls">;

const WAIT_MS = 5_000;
/** The name of the server for a spool. */
const FAKE_URL = "http://fake.invalid";

/**
 * Creates a fake. Messages without a delay are due at once, and again at once after a failed attempt.
 * They are quarantined after the `maxRetries` of the message, or 3. There is no spool unless `spool` is
 * given: while the fake is down, sends are dropped after `timeoutMs`.
 */
export function createFakeDlq(options: FakeDlqOptions = {}): FakeDlq {
  const store = new FakeStore();
  const outage = { isDown: false };
  const transport = fakeTransport(store, outage);
  const spool = options.spool ?? false;
  const client = createDlqClient({ ...options, spool, url: FAKE_URL, transport });
  const messages = (queue?: string) =>
    store.messages.filter((message) => queue === undefined || message.queue === queue);
  return {
    ...client,
    messages,
    retry: (queue) => store.retry(messages(queue)),
    goDown() {
      outage.isDown = true;
      store.changed();
    },
    comeBack() {
      outage.isDown = false;
    },
    waitFor(queue, state, count = 1, timeoutMs = WAIT_MS) {
      const found = () => messages(queue).filter((message) => message.state === state);
      return new Promise((resolve, reject) => {
        const end = () => {
          stop();
          clearTimeout(timer);
        };
        const check = () => {
          if (found().length < count) return;
          end();
          resolve(found());
        };
        const stop = store.listen(check);
        const timer = setTimeout(() => {
          end();
          const message = `${found().length} messages of ${queue} are ${state} after ${timeoutMs} ms, not ${count}`;
          reject(new Error(message));
        }, timeoutMs);
        check();
      });
    },
  };
}
