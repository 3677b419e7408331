import { create } from "@bufbuild/protobuf";
import { durationMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { type Origin, OriginSchema } from "../../../gen/dlq/v1/message_pb.ts";
import { Reason } from "../../../gen/dlq/v1/state_pb.ts";
import { createConnections, type DlqAdminStubs, type DlqStubs, targetOf } from "./connection.ts";
import { createDeadLetter, type DeadLetter } from "./dead-letter.ts";
import { Deadline } from "./deadline.ts";
import { createDropReport } from "./drop-report.ts";
import { Drops } from "./drops.ts";
import { textOf } from "./error-chain.ts";
import { DlqClientError } from "./errors.ts";
import { failureOf } from "./failure.ts";
import { isNonRetryable, type Letter, letterOf } from "./letter.ts";
import { Line } from "./line.ts";
import { coalesceOf, type DlqClientOptions } from "./options.ts";
import { Reachability } from "./reachability.ts";
import { say } from "./say.ts";
import { closedBefore } from "./send-errors.ts";
import { SendNumbers } from "./send-numbers.ts";
import type { SendOptions } from "./send-options.ts";
import type { SendResult } from "./send-result.ts";
import { Sender } from "./sender.ts";
import { Spool } from "./spool/spool.ts";
import { spoolSettingsOf } from "./spool/spool-options.ts";
import { sameAsCurrent } from "./worker/current.ts";
import type { HeldDelivery } from "./worker/delivery.ts";
import { failedWith, release } from "./worker/outcome.ts";
import { startWorker, type Worker } from "./worker/worker.ts";
import type { WorkerOptions } from "./worker/worker-options.ts";

/** A client of one deployment of the service. Make one and share it. */
export interface DlqClient extends AsyncDisposable {
  /**
   * Hands over a message that could not be processed, and why. Never rejects, unless
   * `throwOnFailure` is set: look at `status` to know whether the service has it.
   *
   * @param payload text, bytes, or anything that JSON can hold
   * @param error what was thrown, whatever it is
   */
  send(
    queue: string,
    payload: unknown,
    error?: unknown,
    options?: SendOptions,
  ): Promise<SendResult>;
  /** Wraps a function: what it throws is sent with its first argument as the message. */
  readonly deadLetter: DeadLetter;
  /** Works on messages that are due; starts at once. */
  worker(options: WorkerOptions): Worker;
  /** Resolves when everything sent so far has its result, and `onDropped` has heard of what was dropped. */
  flush(): Promise<void>;
  /**
   * Stops the workers, waits for what is pending, moves the rest to the spool, and ends.
   *
   * @param timeoutMs how long to wait for handlers and sends; aborting and reporting what has not
   *   ended by then takes 3 s more at most. Default: as long as workers drain and sends try
   */
  close(timeoutMs?: number): Promise<void>;
  /** The generated client of producers and workers, for every RPC as it is. */
  readonly stubs: DlqStubs;
  /** The generated client of operators: queues, breakers, rules, simulations. */
  readonly admin: DlqAdminStubs;
}

const TIMEOUT_MS = 5_000;
const TRY_TIMEOUT_MS = 2_000;
const LAST_SENDS_MS = 250;

/** @throws TypeError if an option makes no sense */
export function createDlqClient(options: DlqClientOptions): DlqClient {
  const connect = createConnections(options);
  const line = new Line(connect);
  const own = connect(); // the caller's: never replaced under his calls
  const report = createDropReport();
  const drops = new Drops(options.onDropped ?? report.tell);
  const onDropped = drops.tell;
  const defaultTimeoutMs = aboveZero("timeoutMs", options.timeoutMs ?? TIMEOUT_MS);
  const tryTimeoutMs = aboveZero("tryTimeoutMs", options.tryTimeoutMs ?? TRY_TIMEOUT_MS);
  const coalesce = coalesceOf(options.coalesce);
  const reachability = new Reachability();
  const spool = spoolOf(options, { line, reachability, onDropped });
  const numbers = spool && new SendNumbers();
  const sender = new Sender({
    line,
    reachability,
    shelter: spool,
    coalesce,
    tryTimeoutMs,
    onDropped,
  });
  const origin = originOf(options);
  const workers = new Set<Worker>();
  let isClosing = false;
  let isClosed = false;

  function send(
    queue: string,
    payload: unknown,
    error?: unknown,
    given: SendOptions = {},
  ): Promise<SendResult> {
    const result = orInvalid(queue, () => tryToSend(queue, payload, error, given ?? {}));
    return given?.throwOnFailure === true ? result.then(orThrow) : result;
  }

  /** Whatever a program without types has given, nothing is thrown into its catch block. */
  function orInvalid(queue: string, attempt: () => Promise<SendResult>): Promise<SendResult> {
    try {
      return attempt();
    } catch (cause) {
      const words = `can't be sent: ${textOf(cause)}`;
      return dropped(new DlqClientError("invalid", words, { cause }), queue);
    }
  }

  function tryToSend(queue: string, payload: unknown, error: unknown, given: SendOptions) {
    const letter = letterOf(queue, payload, error, given, origin);
    const held = sameAsCurrent(letter, client);
    if (held !== undefined) return Promise.resolve(becomesOutcome(held, letter, error));
    if (isClosed) {
      return dropped(new DlqClientError("closed", "the client is closed; send before that"), queue);
    }
    const timeoutMs = aboveZero("timeoutMs", given.timeoutMs ?? defaultTimeoutMs);
    numbers?.count(letter.request);
    return sender.add(letter, timeoutMs, given.signal ?? undefined).result;
  }

  function dropped(error: DlqClientError, queue: string): Promise<SendResult> {
    onDropped(error, queue);
    return Promise.resolve({ status: "dropped", error });
  }

  async function close(timeoutMs = Number.POSITIVE_INFINITY): Promise<void> {
    isClosing = true;
    const deadline = new Deadline(timeoutMs);
    const drainMs = Number.isFinite(timeoutMs) ? timeoutMs : undefined;
    await Promise.all([...workers].map((worker) => worker.stop(drainMs)));
    isClosed = true;
    // What handlers sent at the very end has a moment, too.
    const leftMs = () => Math.max(deadline.leftMs, Math.min(timeoutMs, LAST_SENDS_MS));
    if (!(await new Deadline(leftMs()).meets(sender.flush()))) sender.giveUp(closedBefore);
    await sender.flush();
    line.close();
    await spool?.close(closedBefore);
    own.close();
    report.flush();
    await drops.heard(leftMs());
  }

  async function flush(): Promise<void> {
    await sender.flush();
    await drops.heard();
  }

  const client: DlqClient = {
    send,
    deadLetter: createDeadLetter(send),
    worker(given) {
      if (isClosing) throw new DlqClientError("closed", "the client is closed; make another one");
      const worker = startWorker(given, { client, line, connect });
      workers.add(worker);
      const forget = () => void workers.delete(worker);
      worker.done.then(forget, forget);
      return worker;
    },
    flush,
    close,
    stubs: own.stubs,
    admin: own.admin,
    [Symbol.asyncDispose]: () => close(),
  };
  return client;
}

/** The message is there already, and its handler has it: the failure is reported, not sent again. */
function becomesOutcome(held: HeldDelivery, { request }: Letter, error: unknown): SendResult {
  const failure = request.failure ?? failureOf(error ?? "");
  const quarantines =
    failure.reason === Reason.POISON_MESSAGE || failure.reason === Reason.MAX_RETRIES_EXCEEDED;
  const { firstRetry } = request;
  let retryAfterMs: number | undefined;
  if (firstRetry.case === "delay") retryAfterMs = durationMs(firstRetry.value);
  if (firstRetry.case === "dueTime") {
    retryAfterMs = Math.max(0, timestampMs(firstRetry.value) - Date.now());
  }
  if (held.isAborted) {
    held.sent ??= release(); // that, and not the message, is why it failed
  } else {
    held.sent = failedWith(failure, retryAfterMs, isNonRetryable(error) || quarantines);
  }
  return { status: "delivery", id: held.id };
}

type SpoolHome = Pick<
  ConstructorParameters<typeof Spool>[0],
  "line" | "reachability" | "onDropped"
>;

function spoolOf(options: DlqClientOptions, home: SpoolHome): Spool | undefined {
  const { spool, service = "" } = options;
  const target = targetOf(options.url);
  if (spool === false) return undefined;
  if (target === undefined) {
    if (spool === undefined) return undefined; // nobody could tell for whom its letters are
    throw new TypeError(`url is "${options.url}"; a spool needs it to name the server`);
  }
  const tell = (words: string) => say(`the spool ${words}`);
  const settings = spoolSettingsOf(spool);
  return new Spool({ settings, purpose: { target, service }, tell, ...home });
}

function aboveZero(name: string, ms: number): number {
  if (ms > 0) return ms;
  throw new TypeError(`${name} is ${ms}; give a number of milliseconds above 0`);
}

function originOf(options: DlqClientOptions): Origin | undefined {
  const { service = "", instance = "", version = "" } = options;
  if (service === "" && instance === "" && version === "") return undefined;
  return create(OriginSchema, { service, instance, version });
}

function orThrow(result: SendResult): SendResult {
  if (result.status === "dropped") throw result.error;
  return result;
}
