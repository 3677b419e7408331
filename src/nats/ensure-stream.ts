import {
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
  type StreamInfo,
} from "@nats-io/jetstream";
import { type NatsConnection, nanos } from "@nats-io/transport-node";
import { DAY_MS, MINUTE_MS } from "../core/time-units.ts";
import { deniedIn, NatsError } from "./nats-error.ts";
import { allSubjects, type SubjectPrefixes } from "./subjects.ts";

/** Another server has created it with other settings. */
const NAME_IN_USE = 10058;
/** Another stream has some of the subjects. */
const SUBJECTS_OVERLAP = 10065;
/** Since 2.12 a stream can take several messages all or none. */
const ATOMIC_SINCE = { major: 2, minor: 12 };

/** The stream that events go to. */
export interface FoundStream {
  /** Whether it takes batches. */
  readonly isAtomic: boolean;
  /** Undefined: NATS does not show the stream to this user. */
  readonly config: StreamConfig | undefined;
  /** When it was created, as NATS writes it. Undefined: as `config`. */
  readonly created: string | undefined;
  /** Whether it did not exist. */
  readonly isNew: boolean;
}

/** Creates the stream if it does not exist; an existing one is used as it is. */
export async function ensureStream(
  nc: NatsConnection,
  name: string,
  prefixes: SubjectPrefixes,
  timeoutMs: number,
): Promise<FoundStream> {
  const { streams } = await jetstreamManager(nc, { timeout: timeoutMs, checkAPI: false });
  const find = () => streams.info(name);
  const createIt = (): Promise<StreamInfo> =>
    streams.add({
      name,
      subjects: [...allSubjects(prefixes)],
      retention: RetentionPolicy.Limits,
      storage: StorageType.File,
      // A full stream refuses events, which then wait in the outbox. By default it would remove old ones.
      discard: DiscardPolicy.New,
      max_age: nanos(7 * DAY_MS),
      duplicate_window: nanos(2 * MINUTE_MS),
      ...(canBeAtomic(nc) ? { allow_atomic: true } : {}),
    });
  try {
    return readInfo(await find());
  } catch (error) {
    if (deniedIn(error) !== undefined)
      return { isAtomic: false, config: undefined, created: undefined, isNew: false };
    if (!hasCode(error, JetStreamApiCodes.StreamNotFound)) throw error;
  }
  try {
    return readInfo(await createIt(), true);
  } catch (error) {
    if (hasCode(error, NAME_IN_USE)) return readInfo(await find());
    if (!hasCode(error, SUBJECTS_OVERLAP)) throw error;
    throw await overlapOf(streams, name, prefixes, error);
  }
}

async function overlapOf(
  streams: JetStreamManager["streams"],
  name: string,
  prefixes: SubjectPrefixes,
  cause: unknown,
): Promise<unknown> {
  for (const subjects of allSubjects(prefixes)) {
    for await (const other of streams.names(subjects)) {
      const text = `stream ${name} cannot be created: stream ${other} takes subjects of "${subjects}"; set nats_stream to ${other}, or other prefixes`;
      return new NatsError({ brief: "another stream takes the events", text }, { cause });
    }
  }
  return cause;
}

function readInfo({ config, created }: StreamInfo, isNew = false): FoundStream {
  return { isAtomic: config.allow_atomic === true, config, created, isNew };
}

function hasCode(error: unknown, code: number): boolean {
  return error instanceof JetStreamApiError && error.code === code;
}

function canBeAtomic(nc: NatsConnection): boolean {
  const [major = 0, minor = 0] = (nc.info?.version ?? "").split(".").map(Number);
  const { major: since, minor: sinceMinor } = ATOMIC_SINCE;
  return major > since || (major === since && minor >= sinceMinor);
}
