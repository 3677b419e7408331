/** The fingerprint of a failure, for the store. */
export interface FailureGroup {
  /** 16 bytes; equal for failures that are alike. */
  digest: Uint8Array;
  /** Encodes `dlq.storage.v1.GroupDescription`, which the store keeps of the first of them. */
  describe(): Uint8Array;
}

/** What a person has set. The state that people see is this, or REGRESSED. */
export type GroupStatus = "OPEN" | "RESOLVED" | "ARCHIVED";

/** When an archived group opens again by itself: at what comes first. */
export interface ArchiveEnd {
  untilAtMs: number | undefined;
  /** At so many failures after it was archived, in all partitions. */
  untilCount: number | undefined;
}

/** What a person sets of a group. */
export interface GroupChange {
  status: GroupStatus;
  /** `dlq.storage.v1.GroupNote`. */
  note: Uint8Array;
  /** For ARCHIVED. Undefined: it stays archived. */
  archiveEnd: ArchiveEnd | undefined;
  /** A URL; empty: none. Undefined: the present one stays. */
  link: string | undefined;
}

/** A group of messages whose latest failures are alike, in one partition. */
export interface StoredGroup {
  partition: number;
  /** 32 hexadecimal digits. */
  digest: string;
  status: GroupStatus;
  /** When a person last set the status. */
  changedAtMs: number | undefined;
  /** The first failure since it was resolved. */
  regressedAtMs: number | undefined;
  /** For ARCHIVED. `failureCount`: as it was when it was archived. Undefined: it stays archived. */
  archive: (ArchiveEnd & { failureCount: number }) | undefined;
  firstFailureAtMs: number;
  lastFailureAtMs: number;
  failureCount: number;
  /** Returns the message that failed last, and its queue then. */
  latest(): { id: Uint8Array; queue: string };
  /** Messages that are stored, by queue. */
  stored: readonly QueueCount[];
}

export interface QueueCount {
  queue: string;
  count: number;
}

export type GroupBeginning = Pick<StoredGroup, "partition" | "firstFailureAtMs" | "regressedAtMs">;

export interface GroupDetails {
  /** `dlq.storage.v1.GroupDescription`; empty: none is stored. */
  description: Uint8Array;
  /** `dlq.storage.v1.GroupNote`; empty: nobody has set its status. */
  note: Uint8Array;
  /** The URL that a person gave it; empty: none. */
  link: string;
  /** Failures in each of the asked times. */
  trend: readonly number[];
}

/** Times in which failures are counted. */
export interface TrendTimes {
  /** How long each is: five minutes, kept for three hours; or an hour, kept for 25. */
  size: "FIVE_MINUTES" | "HOUR";
  /** How many, up to the present one, which is not over. */
  count: number;
  nowMs: number;
}

export interface Groups {
  /** All groups of all partitions; if they are many, up to five seconds old. `otherCount`: messages whose group found no place. */
  list(): Promise<{ nowMs: number; groups: StoredGroup[]; otherCount: number }>;
  /** Details of each of the groups. */
  details<Group extends Pick<StoredGroup, "partition" | "digest">>(
    groups: readonly Group[],
    trend: TrendTimes,
  ): Promise<ReadonlyMap<Group, GroupDetails>>;
  /** When groups began, and failed again since they were resolved, in each partition that has them. By digest. */
  beginnings(digests: readonly string[]): Promise<ReadonlyMap<string, readonly GroupBeginning[]>>;
  /** Changes a group in all partitions that have it. Returns in how many. */
  set(digest: string, change: GroupChange): Promise<number>;
}
