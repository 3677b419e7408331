import { create } from "@bufbuild/protobuf";
import { durationMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { type Origin, OriginSchema } from "../../../gen/dlq/v1/message_pb.ts";
import { Reason } from "../../../gen/dlq/v1/state_pb.ts";
import { callErrorOf, isRetryable, refusalOf, unansweredReason } from "./call-error.ts";
import { ClientMetrics } from "./client-metrics.ts";
import { createConnections, type DlqAdminStubs, type DlqStubs, targetOf } from "./connection.ts";
import { createDeadLetter, type DeadLetter } from "./dead-letter.ts";
import { Deadline } from "./deadline.ts";
import { DropReport } from "./drop-report.ts";
import { DlqClientError } from "./errors.ts";
import { failureOf, isNonRetryable } from "./failure.ts";
import { originalOf } from "./json-text.ts";
import { limitOr, requireSignal, timeout } from "./option-checks.ts";
import { coalesceOf, type DlqClientOptions, requireKnownOptions } from "./options.ts";
import { createOutcomeWatches } from "./outcomes/outcome-watches.ts";
import { Reachability } from "./reachability.ts";
import { ReconnectingChannel } from "./reconnecting-channel.ts";
import { closedError, unencodableError } from "./send-errors.ts";
import { SendNumbers } from "./send-numbers.ts";
import type { SendOptions } from "./send-options.ts";
import { buildSendRequest, type SendRequest } from "./send-request.ts";
import { isKept, type SendResult } from "./send-result.ts";
import { Sender } from "./sender.ts";
import { withinSendSpan } from "./spans.ts";
import { Spool, type SpoolSetup } from "./spool/spool.ts";
import { spoolSettingsOf } from "./spool/spool-options.ts";
import type { ClientStatus } from "./status.ts";
import { currentDeliveryOf, watchForwarding } from "./worker/current.ts";
import { HeldDelivery } from "./worker/delivery.ts";
import { failedWith, release } from "./worker/outcome.ts";
import { startWorker, type Worker } from "./worker/worker.ts";
import type { WorkerOptions } from "./worker/worker-options.ts";

/** A client of one deployment of the service. Make one and share it. */
export interface DlqClient extends AsyncDisposable {
  /**
   * Sends a message that could not be processed, and why. Never rejects, unless `throwOnFailure` is
   * set: `status` of the result says whether the service has the message.
   *
   * @param payload text, bytes, or any value that JSON can represent. A delivery stands for its payload; of a
   *   list of deliveries each is sent, and the result is the first that is dropped or in memory only, else the first
   * @param error the thrown value, of any kind
   */
  send(
    queue: string,
    payload: unknown,
    error?: unknown,
    options?: SendOptions,
  ): Promise<SendResult>;
  /** Wraps a function: when it throws, its first argument is sent as the message. */
  readonly deadLetter: DeadLetter;
  /** Returns what this client has sent and still keeps, and whether its calls fail. */
  status(): ClientStatus;
  /**
   * Asks the service once, with the token, and the service its store. Resolves to the time that it took, in ms.
   * Rejects with a {@link DlqClientError}.
   *
   * @param timeoutMs default: `timeoutMs` of the client
   */
  ping(timeoutMs?: number): Promise<number>;
  /** Starts a worker, which processes due messages. */
  worker(options: WorkerOptions): Worker;
  /** Resolves when every send so far has its result and `onDropped` has returned. */
  flush(): Promise<void>;
  /**
   * Stops the workers and the outcome callbacks (a running one has 5 s), waits for pending sends, moves the rest
   * to the spool, and closes the client. If the service answers, it also sends the messages of the spool, for up to 2 s.
   *
   * @param timeoutMs how long to wait for handlers and sends. What has not ended by then is aborted and
   *   reported, which takes at most 3 s more. Default: as long as workers drain and sends try
   */
  close(timeoutMs?: number): Promise<void>;
  /** The generated client of producers and workers, with every RPC. */
  readonly stubs: DlqStubs;
  /** The generated client of operators: queues, breakers, rules, simulations. */
  readonly admin: DlqAdminStubs;
}

const TIMEOUT_MS = 5_000;
const TRY_TIMEOUT_MS = 2_000;
const LAST_SENDS_MS = 250;
/** A ping reads the counts of this queue, which need not exist. */
const PING_QUEUE = "ping";

/** @throws TypeError for an invalid option */
export function createDlqClient(options: DlqClientOptions): DlqClient {
  requireKnownOptions(options);
  const connect = createConnections(options);
  const channel = new ReconnectingChannel(connect);
  const callerConnection = connect(); // for `stubs` and `admin`; never replaced during a call
  const drops = new DropReport(options.onDropped ?? undefined);
  const defaultTimeoutMs = timeout("timeoutMs", options.timeoutMs ?? TIMEOUT_MS);
  const tryTimeoutMs = timeout("tryTimeoutMs", options.tryTimeoutMs ?? TRY_TIMEOUT_MS);
  const coalesce = coalesceOf(options.coalesce);
  const reachability = new Reachability();
  const outcomes = createOutcomeWatches(channel, options);
  const onStored = outcomes?.follow;
  const spool = spoolOf(options, { channel, reachability, onDropped: drops.report, onStored });
  const numbers = spool && new SendNumbers();
  const sender = new Sender({ channel, reachability, spool, coalesce, tryTimeoutMs, onStored });
  const target = targetOf(options) ?? "";
  const metrics = new ClientMetrics(target, status);
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
    if (isBatch(payload)) return sendEach(queue, payload, error, given);
    const attempt = () => orInvalid(queue, () => trySend(queue, payload, error, given ?? {}));
    const result = orInvalid(queue, () => withinSendSpan(queue, attempt));
    void result.then((sent) => metrics.sent(queue, sent));
    watchForwarding(queue, payload, error, result);
    return given?.throwOnFailure === true ? result.then(orThrow) : result;
  }

  async function sendEach(
    queue: string,
    batch: readonly unknown[],
    error: unknown,
    given: SendOptions,
  ): Promise<SendResult> {
    // One request id stands for one message.
    const sends = batch.map((held) => send(queue, held, error, { ...given, requestId: undefined }));
    const results = await Promise.all(sends);
    return results.find((result) => !isKept(result)) ?? (results[0] as SendResult);
  }

  /** Programs without types may give anything. Their catch block must not throw. */
  function orInvalid(queue: string, attempt: () => Promise<SendResult>): Promise<SendResult> {
    try {
      return attempt();
    } catch (cause) {
      return dropped(unencodableError(cause), queue);
    }
  }

  function trySend(queue: string, given: unknown, error: unknown, options: SendOptions) {
    const [payload, { sourceId }] =
      given instanceof HeldDelivery ? [given.payload, given] : [given, { sourceId: "" }];
    const all = sourceId === "" ? options : { sourceId, ...options };
    const request = buildSendRequest(queue, payload, error, all, origin);
    const held = currentDeliveryOf(request, given, target);
    if (held !== undefined) return Promise.resolve(failDelivery(held, request, error));
    if (isClosed) {
      return dropped(new DlqClientError("closed", "the client is closed; send before that"), queue);
    }
    requireSignal(options.signal);
    const timeoutMs = timeout("timeoutMs", options.timeoutMs ?? defaultTimeoutMs);
    numbers?.assign(request.wire);
    return sender.add(request, timeoutMs, options.signal ?? undefined, drops.reportOfSend()).result;
  }

  function dropped(error: DlqClientError, queue: string): Promise<SendResult> {
    drops.reportOfSend()(error, queue);
    return Promise.resolve({ status: "dropped", error });
  }

  async function close(givenMs?: number): Promise<void> {
    isClosing = true;
    const timeoutMs = limitOr(givenMs, Number.POSITIVE_INFINITY);
    const deadline = new Deadline(timeoutMs);
    const drainMs = Number.isFinite(timeoutMs) ? timeoutMs : undefined;
    const stopped = [...workers].map((worker) => worker.stop(drainMs));
    await Promise.all([...stopped, outcomes?.close(timeoutMs)]);
    isClosed = true;
    // The last sends of handlers get a moment, too.
    const leftMs = () => Math.max(deadline.leftMs, Math.min(timeoutMs, LAST_SENDS_MS));
    if (!(await new Deadline(leftMs()).meets(sender.flush()))) sender.giveUp(closedError);
    await sender.flush();
    await spool?.sendLast(leftMs());
    channel.close();
    await spool?.close(closedError);
    callerConnection.close();
    metrics.close();
    drops.flush();
    await drops.settled(leftMs());
  }

  async function flush(): Promise<void> {
    await sender.flush();
    await drops.settled();
  }

  function status(): ClientStatus {
    const { sends } = metrics;
    if (!reachability.isUnavailable()) {
      return { isAvailable: true, sends: { ...sends }, ...(spool && { spool: spool.usage }) };
    }
    const lastError = unansweredReason(reachability.lastError);
    return {
      isAvailable: false,
      lastError,
      sends: { ...sends },
      ...(spool && { spool: spool.usage }),
    };
  }

  async function ping(givenMs?: number): Promise<number> {
    if (isClosed) throw new DlqClientError("closed", "the client is closed; ping before that");
    const timeoutMs = limitOr(givenMs, defaultTimeoutMs);
    const beganAtMs = performance.now();
    const { stubs } = channel;
    try {
      await stubs.stats({ queues: [PING_QUEUE] }, { timeoutMs });
    } catch (reason) {
      const cause = callErrorOf(reason);
      channel.failed(stubs, cause);
      if (!isRetryable(cause)) throw refusalOf(cause);
      const message = `${target} does not answer: ${unansweredReason(cause)}`;
      throw new DlqClientError("connection", message, { code: cause.code, cause });
    }
    reachability.answered(beganAtMs);
    return performance.now() - beganAtMs;
  }

  return {
    send,
    status,
    ping,
    deadLetter: createDeadLetter(send),
    worker(given) {
      if (isClosing) throw new DlqClientError("closed", "the client is closed; make another one");
      const worker = startWorker(given, { target, channel, connect, metrics });
      workers.add(worker);
      const forget = () => void workers.delete(worker);
      worker.done.then(forget, forget);
      return worker;
    },
    flush,
    close,
    stubs: callerConnection.stubs,
    admin: callerConnection.admin,
    [Symbol.asyncDispose]: () => close(),
  };
}

/** The service already has the message and its handler runs: the failure becomes the outcome. */
function failDelivery(held: HeldDelivery, { wire }: SendRequest, error: unknown): SendResult {
  const failure = wire.failure ?? failureOf(error ?? "");
  const quarantines =
    failure.reason === Reason.POISON_MESSAGE || failure.reason === Reason.MAX_RETRIES_EXCEEDED;
  const { firstRetry } = wire;
  let retryAfterMs: number | undefined;
  if (firstRetry.case === "delay") retryAfterMs = durationMs(firstRetry.value);
  if (firstRetry.case === "dueTime") {
    retryAfterMs = Math.max(0, timestampMs(firstRetry.value) - Date.now());
  }
  if (held.isAborted) {
    held.ownOutcome ??= release(); // it failed because of the abort
  } else {
    const isFinal = isNonRetryable(error) || quarantines;
    held.ownOutcome = failedWith(error, failure, retryAfterMs, isFinal);
  }
  return { status: "delivery", id: held.id };
}

/** Reports whether it is a list of deliveries, or of copies, which are refused one by one. */
function isBatch(payload: unknown): payload is readonly unknown[] {
  try {
    if (!Array.isArray(payload) || payload.length === 0) return false;
    return payload.every((one) => originalOf(one) instanceof HeldDelivery);
  } catch {
    return false; // for instance a revoked proxy, which is refused
  }
}

type SpoolContext = Pick<SpoolSetup, "channel" | "reachability" | "onDropped" | "onStored">;

function spoolOf(options: DlqClientOptions, context: SpoolContext): Spool | undefined {
  const { spool, service = "" } = options;
  const target = targetOf(options);
  if (spool === false) return undefined;
  if (target === undefined) {
    if (spool === undefined) return undefined; // no name for the server of its messages
    throw new TypeError(`url is "${options.url}"; a spool needs it to name the server`);
  }
  return new Spool({ settings: spoolSettingsOf(spool), scope: { target, service }, ...context });
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
