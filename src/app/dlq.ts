import type { Store } from "../store/contract.ts";
import { createAck } from "./ack.ts";
import type { Dlq } from "./commands.ts";
import type { SessionRegistry } from "./delivery/session-registry.ts";
import { createExtend } from "./extend.ts";
import type { DecisionLog, EditObserver, Observer } from "./observer.ts";
import { createRetry } from "./retry.ts";
import type { Mover } from "./rules/mover.ts";
import type { RuleJudge } from "./rules/rule-judge.ts";
import { createSend } from "./send.ts";
import { createStats } from "./stats.ts";
import { createStream, type StreamParts } from "./stream.ts";

export interface DlqParts extends StreamParts {
  store: Store;
  registry: SessionRegistry;
  random(): number;
  now(): number;
  observer: Observer & EditObserver;
  log: DecisionLog;
  onDeleting(queue: string): void;
  /** Routing rules; absent: there are none, and nothing moves. */
  rules?: RuleJudge;
  mover?: Mover;
  /** Largest payload of a message. */
  payloadMaxBytes?: number;
  /** Attributes, and `source_id`, that changes in the outbox carry. */
  outboxFields?: readonly string[];
  logNotes?: boolean;
}

/** All use cases on one store. */
export function createDlq(parts: DlqParts): Dlq {
  return {
    send: createSend(parts),
    ack: createAck(parts),
    extend: createExtend(parts),
    retry: createRetry(parts),
    stats: createStats(parts),
    stream: createStream(parts),
  };
}
