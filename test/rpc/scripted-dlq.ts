import type {
  AckOutcome,
  Dlq,
  DueDelivery,
  ExtendOutcome,
  OutcomeCommand,
  QueuesPage,
  RetryCommand,
  SendCommand,
  SendResult,
  StreamCommand,
  StreamFrame,
} from "../../src/app/commands.ts";
import type { DlqError } from "../../src/core/errors.ts";

/**
 * Use cases with scripted results that record their calls: these tests are about the transport.
 */
export class ScriptedDlq implements Dlq {
  readonly sent: SendCommand[] = [];
  readonly acked: { requestId: string; outcomes: readonly OutcomeCommand[] }[] = [];
  readonly extended: Parameters<Dlq["extend"]>[0][] = [];
  readonly retried: RetryCommand[] = [];
  readonly statsOf: (readonly string[])[] = [];
  readonly statsPages: QueuesPage[] = [];
  readonly streams: { command: StreamCommand; signal: AbortSignal }[] = [];

  onSend: (command: SendCommand) => SendResult | DlqError | Promise<SendResult | DlqError> = () =>
    scheduled();
  onAck: (outcome: OutcomeCommand) => AckOutcome = () => applied();
  onExtend: (command: Parameters<Dlq["extend"]>[0]) => ExtendOutcome[] = () => [];
  onRetry: Dlq["retry"] = async () => ({ retriedCount: 0, refused: [] });
  onStats: Dlq["stats"] = async () => ({ nowMs: 0, queues: [] });
  onStream: Dlq["stream"] = async function* (_command, signal) {
    yield opened();
    await aborted(signal);
  };

  async send(commands: readonly SendCommand[]) {
    this.sent.push(...commands);
    return await Promise.all(commands.map((command) => this.onSend(command)));
  }

  async ack(requestId: string, outcomes: readonly OutcomeCommand[]) {
    this.acked.push({ requestId, outcomes });
    return outcomes.map((outcome) => this.onAck(outcome));
  }

  async extend(command: Parameters<Dlq["extend"]>[0]) {
    this.extended.push(command);
    return this.onExtend(command);
  }

  async retry(command: RetryCommand) {
    this.retried.push(command);
    return await this.onRetry(command);
  }

  async stats(queues: readonly string[], page?: QueuesPage) {
    this.statsOf.push(queues);
    if (page !== undefined) this.statsPages.push(page);
    return await this.onStats(queues, page);
  }

  stream(command: StreamCommand, signal: AbortSignal) {
    this.streams.push({ command, signal });
    return this.onStream(command, signal);
  }
}

export const MESSAGE_ID = Uint8Array.from({ length: 16 }, (_, i) => i);
export const MESSAGE_ID_TEXT = "00010203-0405-0607-0809-0a0b0c0d0e0f";
export const SESSION_ID = "01890a5d-ac96-774b-bcce-b302099a8057";

export function scheduled(overrides: Partial<SendResult> = {}): SendResult {
  return {
    id: MESSAGE_ID,
    state: "SCHEDULED",
    reason: "TIMEOUT",
    dueAtMs: 1_700_000_000_123,
    duplicate: false,
    quarantineReason: undefined,
    ...overrides,
  };
}

export function applied(overrides: Partial<AckOutcome> = {}): AckOutcome {
  return {
    status: "APPLIED",
    state: "SUCCEEDED",
    dueAtMs: undefined,
    quarantineReason: undefined,
    detail: "",
    ...overrides,
  };
}

export function opened(): StreamFrame {
  return { kind: "opened", sessionId: SESSION_ID, leaseMs: 30_000, leasesHeld: 0 };
}

export function delivery(overrides: Partial<DueDelivery> = {}): DueDelivery {
  return {
    queue: "orders",
    id: MESSAGE_ID,
    envelope: new Uint8Array(0),
    latestFailure: undefined,
    reason: "TIMEOUT",
    failureCount: 1,
    attempts: 0,
    deliveryNumber: 1,
    nonce: new Uint8Array(16).fill(7),
    outcomeUnknown: false,
    createdAtMs: 1_000,
    dueAtMs: 2_000,
    expireAtMs: undefined,
    leaseExpireAtMs: 32_000,
    ...overrides,
  };
}

export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
