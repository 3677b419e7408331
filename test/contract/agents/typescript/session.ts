import {
  createDlqClient,
  type DlqClient,
  type OutcomeEvent,
  type Worker,
} from "../../../../clients/typescript/src/index.ts";
import { isMap, type Json, type JsonMap } from "../../json.ts";
import { callMethod } from "./call.ts";
import { camelCase, outcomeOf, payloadOf, resultOf, sendOptionsOf } from "./convert.ts";
import { givenError } from "./given-error.ts";
import { caseNames, failureOfCase } from "./golden.ts";
import { Handlers } from "./handlers.ts";

type Op = (fields: JsonMap) => Promise<JsonMap>;

/** The clients and workers of the agent, by the names that commands give them. */
export class Session {
  readonly #emit: (event: JsonMap) => void;
  readonly #clients = new Map<string, DlqClient>();
  readonly #workers = new Map<string, Worker>();
  readonly #handlers: Handlers;
  readonly #ops: Readonly<Record<string, Op>> = {
    open: (fields) => this.#open(fields),
    send: (fields) => this.#send(fields),
    worker: (fields) => this.#work(fields),
    finish: (fields) => this.#handlers.finish(fields),
    stop: (fields) => done(named(this.#workers, fields.worker).stop(msOf(fields.timeout_ms))),
    flush: (fields) => done(named(this.#clients, fields.client).flush()),
    close: (fields) => done(named(this.#clients, fields.client).close(msOf(fields.timeout_ms))),
    cases: () => caseNames(),
    fail: (fields) => this.#fail(fields),
    call: (fields) => callMethod(named(this.#clients, fields.client).stubs, fields),
  };

  constructor(emit: (event: JsonMap) => void) {
    this.#emit = emit;
    this.#handlers = new Handlers(emit);
  }

  run(op: string, fields: JsonMap): Promise<JsonMap> {
    const work = this.#ops[op];
    if (work === undefined) throw new Error(`this agent has no operation ${op}`);
    return work(fields);
  }

  async #open({ client, options, on_dropped, callbacks }: JsonMap): Promise<JsonMap> {
    const { target, token_error, ...given } = isMap(options) ? options : {};
    const failing = { token: () => Promise.reject(new Error(String(token_error))) };
    const dlq = createDlqClient({
      ...camelCase(given),
      ...(token_error === undefined ? {} : failing),
      url: String(target),
      ...(callbacks === undefined ? {} : this.#callbacks(String(client), callbacks === "throw")),
      onDropped: (error, queue) => {
        this.#emit({ event: "dropped", client: String(client), queue, kind: error.kind });
        return on_dropped === "send" ? dlq.send(queue, new Uint8Array(60_000)) : undefined;
      },
    });
    this.#clients.set(String(client), dlq);
    return {};
  }

  #callbacks(client: string, throwing: boolean) {
    const report = (kind: string) => (event: OutcomeEvent) => {
      this.#emit({ event: "outcome", client, kind, ...outcomeOf(event) });
      if (throwing) throw new Error(`the callback for ${kind} throws`);
    };
    return {
      onSucceeded: report("succeeded"),
      onFailed: report("failed"),
      onQuarantined: report("quarantined"),
    };
  }

  #send({ error, ...fields }: JsonMap): Promise<JsonMap> {
    return this.#sendError(givenError(error), fields);
  }

  async #fail({ case: name, ...fields }: JsonMap): Promise<JsonMap> {
    return this.#sendError(await failureOfCase(String(name)), fields);
  }

  async #sendError(error: unknown, { client, queue, payload, options }: JsonMap): Promise<JsonMap> {
    const dlq = named(this.#clients, client);
    const given = sendOptionsOf(isMap(options) ? options : {});
    return resultOf(await dlq.send(String(queue), payloadOf(payload), error, given));
  }

  async #work({
    client,
    worker,
    queues,
    lease_ms,
    on_cancel,
    ...given
  }: JsonMap): Promise<JsonMap> {
    const name = String(worker);
    const dlq = named(this.#clients, client);
    const running = dlq.worker({
      ...camelCase(given),
      ...(typeof lease_ms === "number" ? { leaseDurationMs: lease_ms } : {}),
      queues: queues as readonly string[],
      handler: (delivery) => this.#handlers.handle(name, delivery, dlq, on_cancel),
      onError: ({ kind, message, cause }, delivery) =>
        this.#emit({
          ...{ event: "error", worker: name, kind, message },
          ...(delivery === undefined ? {} : { id: delivery.id, attempt: delivery.attempt }),
          ...(cause === undefined ? {} : { cause: textOf(cause) }),
        }),
      onSettled: (delivery, settled) => this.#handlers.settled(delivery, settled),
    });
    this.#workers.set(name, running);
    return {};
  }
}

async function done(work: Promise<void>): Promise<JsonMap> {
  await work;
  return {};
}

function named<T>(all: ReadonlyMap<string, T>, name: Json | undefined): T {
  const found = all.get(String(name));
  if (found === undefined) throw new Error(`there is no ${String(name)}`);
  return found;
}

function textOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

function msOf(value: Json | undefined): number | undefined {
  return typeof value === "number" ? value : undefined;
}
