import type { BatchJobSpec, JobPlace } from "../../codec/batch-job.ts";
import { DamagedMessage } from "../../core/damaged-message.ts";
import { formatMessageId } from "../../core/message-id.ts";
import { QueuePattern } from "../../core/queue-pattern.ts";
import { compileFilter, type Filter } from "../../rules/filter.ts";
import type { MessageDetails, MessageState } from "../../store/contract.ts";
import { groupIdOf } from "../groups/group-id.ts";
import { candidates, readCandidates } from "../messages/candidates.ts";
import { ContentView, type RedactionOf } from "../messages/content-view.ts";
import type { DamageLog } from "../messages/damage-log.ts";
import { stateFacts } from "../messages/filter-facts.ts";
import type { Scanner, ScanStep } from "../messages/scan.ts";

export interface JobSelectionParts {
  scanner: Scanner;
  redactionOf: RedactionOf;
  damageLog: Pick<DamageLog, "report">;
}

/** Messages of one queue that a job selects, in order of arrival. */
export interface SelectedPage {
  queue: string;
  messages: readonly MessageState[];
  examined: number;
  /** Messages of which the filter had redacted content. */
  redacted: number;
  /** Messages that cannot be read. */
  damaged: number;
  /** Where the next page begins. */
  next: JobPlace;
}

/** Behind all messages of a queue. */
const END = { chunk: Number.MAX_SAFE_INTEGER, id: new Uint8Array(16).fill(255) };

/**
 * Finds the messages that a job selects: those that match, and have neither arrived nor changed their state since the job was
 * created.
 */
export class JobSelection {
  readonly #parts: JobSelectionParts;
  readonly #spec: BatchJobSpec;
  readonly #createdMs: number;
  readonly #filter: Filter;
  /** Undefined: any message. */
  readonly #ids: ReadonlySet<string> | undefined;

  constructor(parts: JobSelectionParts, spec: BatchJobSpec, createdMs: number) {
    this.#parts = parts;
    this.#spec = spec;
    this.#createdMs = createdMs;
    this.#filter = compileFilter(spec.filter);
    this.#ids = spec.ids.length === 0 ? undefined : new Set(spec.ids);
  }

  /** Yields what is selected from a place on. */
  async *pages(from: JobPlace, signal: AbortSignal): AsyncGenerator<SelectedPage> {
    const { queue, groupId } = this.#spec;
    const { narrowing } = this.#filter;
    const range = {
      queues: new QueuePattern(queue),
      newestFirst: false,
      after: from.queue === "" ? undefined : from,
      narrowing: groupId === "" ? narrowing : { ...narrowing, groupIds: [groupId] },
    };
    for await (const step of this.#parts.scanner.states(range, signal)) {
      const { examined, next } = step;
      const found = await this.#selected(this.#frozen(step), signal);
      yield {
        ...{ queue: step.queue, examined, ...found },
        next: { queue: step.queue, message: next ?? END },
      };
    }
  }

  /** Without what has arrived or changed since; times in the filter are those of the job's creation. */
  #frozen(step: ScanStep): ScanStep {
    const messages = step.messages.filter((one) => {
      if (one.sinceMs > this.#createdMs) return false;
      if (this.#ids !== undefined && !this.#ids.has(formatMessageId(one.id))) return false;
      return this.#spec.groupId === "" || groupIdOf(one.group) === this.#spec.groupId;
    });
    return { ...step, messages, nowMs: this.#createdMs };
  }

  async #selected(
    step: ScanStep,
    signal: AbortSignal,
  ): Promise<Pick<SelectedPage, "messages" | "redacted" | "damaged">> {
    const filter = this.#filter;
    const messages: MessageState[] = [];
    const open: MessageState[] = [];
    for (const one of await candidates(filter, step)) {
      const matches = filter.matchesState(stateFacts(step.queue, one.id, one), step.nowMs);
      (matches === true ? messages : open).push(one);
    }
    let [redacted, damaged] = [0, 0];
    const { scanner, damageLog } = this.#parts;
    const selection = { filter, redaction: this.#redactionOf(step.queue), history: false };
    for await (const one of readCandidates(scanner, selection, step, open, signal)) {
      if ("damage" in one) {
        damageLog.report(step.queue, one.state.id, one.damage.cause);
        damaged++;
        continue;
      }
      if (one.view.hasHidden) redacted++;
      if (one.matches) messages.push(one.state);
    }
    if (open.length > 0) messages.sort(byArrival);
    return { messages, redacted, damaged };
  }

  /**
   * Reads messages of a queue whole, as far as everybody may see them: also with `show_redacted` others may look at the job. Leaves
   * out those that are gone or damaged.
   */
  async read(
    queue: string,
    ids: readonly Uint8Array[],
  ): Promise<{ id: Uint8Array; details: MessageDetails; view: ContentView }[]> {
    const { scanner } = this.#parts;
    const found = await scanner.listed(queue, ids, false);
    return found.flatMap((details, at) => {
      if (details === undefined || details instanceof DamagedMessage) return [];
      const view = new ContentView(this.#parts.redactionOf(queue), details);
      return [{ id: ids[at] as Uint8Array, details, view }];
    });
  }

  #redactionOf(queue: string) {
    return this.#spec.showRedacted ? undefined : this.#parts.redactionOf(queue);
  }
}

const byArrival = (a: MessageState, b: MessageState): number =>
  a.chunk - b.chunk || Buffer.compare(a.id, b.id);
