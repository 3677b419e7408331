import { fromJson } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { ImportOutcome, type ImportResult } from "../../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import {
  type ExportedMessage,
  ExportedMessageSchema,
} from "../../../../gen/dlq/v1/exported_message_pb.ts";
import type { Run } from "../run.ts";
import { Patience } from "./unavailable.ts";

export interface ImportQuery {
  readonly importId: string;
  /** Empty: the queue of each message. */
  readonly queue: string;
  readonly dryRun: boolean;
}

/** A message that was not imported. */
export interface Refused {
  /** Its line in the export. */
  readonly line: number;
  /** Empty: the line has none. */
  readonly id: string;
  readonly error: string;
}

interface BatchedMessage {
  readonly line: number;
  readonly message: ExportedMessage;
}

/** The service takes at most 1,000 messages and 9 MiB a call; a single message may be larger than this. */
const MESSAGES_A_CALL = 500;
const BYTES_A_CALL = 3 * 1024 ** 2;

/** Collects messages and imports them, call after call. */
export class Importer {
  readonly #run: Run;
  readonly #query: ImportQuery;
  readonly #refuse: (refused: Refused) => void;
  #batch: BatchedMessage[] = [];
  /** Messages of the next call: fewer after a call that was too large for the service. */
  #mostACall = MESSAGES_A_CALL;
  #bytes = 0;
  imported = 0;
  alreadyThere = 0;
  refused = 0;
  /** Of the store; empty before the first call. */
  storeId = "";

  /** `refuse` is called for each message that is refused. */
  constructor(run: Run, query: ImportQuery, refuse: (refused: Refused) => void) {
    this.#run = run;
    this.#query = query;
    this.#refuse = refuse;
  }

  /** Whether the line of a message fits into the next call. */
  hasRoomFor(text: string): boolean {
    if (this.#batch.length === 0) return true;
    return this.#batch.length < MESSAGES_A_CALL && this.#bytes + text.length <= BYTES_A_CALL;
  }

  /** Reads the line of a message. */
  add(line: number, text: string): void {
    try {
      const { message: json } = JSON.parse(text) as { message: never };
      const message = fromJson(ExportedMessageSchema, json);
      // In JSON it is larger.
      this.#bytes += text.length;
      this.#batch.push({ line, message });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.refused++;
      this.#refuse({ line, id: "", error: `cannot be read by this version: ${why}` });
    }
  }

  /** Imports what was added. While the server is unavailable it tries again for some time, then throws its error. */
  async flush(): Promise<void> {
    const patience = new Patience(this.#run.signal);
    while (this.#batch.length > 0) {
      const messages = this.#batch.slice(0, this.#mostACall).map(({ message }) => message);
      try {
        const request = { ...this.#query, messages };
        const { results, storeId } = await this.#run.admin.importMessages(request, this.#run.call);
        this.storeId = storeId;
        const open = this.#take(this.#batch.slice(0, messages.length), results);
        if (open.length === messages.length) throw unavailable(results[0]);
        this.#batch = [...open, ...this.#batch.slice(messages.length)];
        patience.progressed();
      } catch (error) {
        if (isTooLarge(error) && messages.length > 1) {
          this.#mostACall = Math.ceil(messages.length / 2);
          continue;
        }
        await patience.wait(error);
      }
    }
    this.#bytes = 0;
  }

  /** Counts results. Returns the messages for which the service was unavailable. */
  #take(batch: readonly BatchedMessage[], results: readonly ImportResult[]): BatchedMessage[] {
    return batch.filter(({ line, message }, index) => {
      const { outcome, error } = results[index] ?? {};
      if (outcome === ImportOutcome.IMPORTED) this.imported++;
      else if (outcome === ImportOutcome.ALREADY_THERE) this.alreadyThere++;
      else if (error?.code === Code.Unavailable) return true;
      else {
        this.refused++;
        const id = message.stored?.message?.id ?? "";
        this.#refuse({ line, id, error: error?.message ?? "the server gave no reason" });
      }
      return false;
    });
  }
}

/** The service bounds the fields of a request, besides its messages and bytes. */
const isTooLarge = (error: unknown) =>
  error instanceof ConnectError && error.code === Code.ResourceExhausted;

/** The service answered, and could store none of the messages now. */
const unavailable = (result: ImportResult | undefined) =>
  new ConnectError(result?.error?.message ?? "the service is unavailable", Code.Unavailable);
