import { AsyncResource } from "node:async_hooks";
import {
  type Delivery,
  type DlqClient,
  discard,
  fail,
  type Outcome,
  quarantine,
  release,
  type SettledDelivery,
  succeed,
} from "../../../../clients/typescript/src/index.ts";
import type { Json, JsonMap } from "../../json.ts";
import { camelCase, deliveryOf, resultOf } from "./convert.ts";
import { givenError } from "./given-error.ts";

interface Running {
  readonly delivery: Delivery;
  readonly dlq: DlqClient;
  /** Ends the waiting handler. Returns the answer to the command. */
  finish(fields: JsonMap): Promise<JsonMap>;
}

/** Handlers that wait until a command ends them. */
export class Handlers {
  readonly #emit: (event: JsonMap) => void;
  readonly #running = new Map<string, Running>();
  readonly #keys = new WeakMap<Delivery, string>();
  #lastKey = 0;

  constructor(emit: (event: JsonMap) => void) {
    this.#emit = emit;
  }

  /** @param onCancel what a cancelled handler does; by default it throws the reason of its signal */
  handle(
    worker: string,
    delivery: Delivery,
    dlq: DlqClient,
    onCancel: Json | undefined,
  ): Promise<Outcome | undefined> {
    const key = `${process.pid}-${++this.#lastKey}`;
    this.#keys.set(delivery, key);
    const { promise, resolve, reject } = Promise.withResolvers<Outcome | undefined>();
    // It runs in the async context of the handler, by which the client finds the current delivery.
    const inContext = bound((fields: JsonMap) => endingOf(fields, delivery, dlq));
    const finish = async (fields: JsonMap): Promise<JsonMap> => {
      const { outcome, thrown, result } = await inContext(fields);
      if (thrown === undefined) resolve(outcome);
      else reject(thrown);
      return result;
    };
    this.#running.set(key, { delivery, dlq, finish });
    delivery.signal.addEventListener("abort", () => {
      this.#emit({ event: "cancelled", worker, key });
      if (onCancel === undefined) reject(delivery.signal.reason);
      else void finish({ how: onCancel });
    });
    this.#emit({ event: "delivery", worker, key, ...deliveryOf(delivery) });
    return promise;
  }

  finish(fields: JsonMap): Promise<JsonMap> {
    const key = String(fields.key);
    const running = this.#running.get(key);
    if (running === undefined) throw new Error(`there is no waiting delivery ${key}`);
    this.#running.delete(key);
    return running.finish(fields);
  }

  settled(delivery: Delivery, { outcome, state, error, durationMs }: SettledDelivery): void {
    this.#emit({
      ...{ event: "settled", key: this.#keys.get(delivery) ?? "", outcome, state },
      duration_ms: durationMs,
      ...(error instanceof Error ? { error: error.message } : {}),
    });
  }
}

interface Ending {
  readonly outcome?: Outcome;
  readonly thrown?: unknown;
  readonly result: JsonMap;
}

async function endingOf(fields: JsonMap, delivery: Delivery, dlq: DlqClient): Promise<Ending> {
  const { how, note, error, key: _, ...options } = fields;
  const result = {};
  switch (how) {
    case "return":
      return { result };
    case "throw":
      return { thrown: givenError(error ?? {}), result };
    case "fail":
      return { outcome: fail(givenError(error ?? {}), camelCase(options)), result };
    case "release":
      return { outcome: release(camelCase(options)), result };
    case "quarantine":
      return { outcome: quarantine(String(note ?? "")), result };
    case "discard":
      return { outcome: discard(String(note ?? "")), result };
    case "function":
      return { outcome: release as unknown as Outcome, result };
    case "value":
      return { outcome: 42 as unknown as Outcome, result };
    case "copy":
      return { outcome: await outcomeOfAnotherCopy(), result };
    case "send":
    case "send-succeed": {
      const { payload, sourceId } = delivery;
      const queue = String(fields.queue ?? delivery.queue);
      const own = {
        ...(sourceId === "" ? {} : { sourceId }),
        ...(fields.fingerprint === undefined ? {} : { fingerprint: String(fields.fingerprint) }),
      };
      const sent = await dlq.send(queue, payload, givenError(error ?? {}), own);
      return { ...(how === "send-succeed" ? { outcome: succeed() } : {}), result: resultOf(sent) };
    }
    default:
      throw new Error(`unknown "how": ${String(how)}`);
  }
}

/** The query makes another module of the same file, as a second installed copy is. */
async function outcomeOfAnotherCopy(): Promise<Outcome> {
  const file = "../../../../clients/typescript/src/worker/outcome.ts?copy";
  const copy: { readonly quarantine: typeof quarantine } = await import(file);
  return copy.quarantine();
}

/** Binds a function to the current async context. */
function bound<A extends unknown[], R>(work: (...args: A) => R): (...args: A) => R {
  return AsyncResource.bind(work);
}
