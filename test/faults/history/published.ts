// What the servers had to publish, and what the stream of NATS has.

import type { EventType } from "../../../src/core/event.ts";
import type { AtMs } from "./event.ts";

/** An event of a state change in the outbox, in the order of its partition. */
export interface Happened {
  /** As consumers get it. */
  readonly id: string;
  readonly type: EventType;
  readonly queue: string;
  /** Empty: it is about no message. */
  readonly message: string;
  readonly version: number;
  readonly partition: number;
  readonly epoch: AtMs;
  /** Of the change. */
  readonly number: number;
  readonly at: AtMs;
}

/** A message of the stream, in its order. */
export interface Published {
  readonly subject: string;
  /** JSON. */
  readonly body: string;
}

/** A time in which the outbox may remove changes before their events are published. */
export interface Trimming {
  readonly from: AtMs;
  readonly to: AtMs;
}

export interface PublishedEvidence {
  readonly happened: readonly Happened[];
  readonly published: readonly Published[];
  readonly trimmings: readonly Trimming[];
}
