import { type OptionNames, requireKnown, shown } from "../option-checks.ts";

/** Options of the spool. */
export interface SpoolOptions {
  /** The folder of the files. Default: `DLQ_SPOOL_DIR`, else the platform's folder for state. */
  readonly folder?: string | undefined;
  /** Limit of all files of the service in the folder, in bytes. Default 256 MiB. */
  readonly maxBytes?: number | undefined;
  /** Sync each write to the disk: a message then also survives a crash of the machine. Default false. */
  readonly sync?: boolean | undefined;
}

const MAX_BYTES = 256 * 1024 ** 2;

/** {@link SpoolOptions} with their defaults. */
export interface SpoolSettings {
  readonly folder: string | undefined;
  readonly maxBytes: number;
  readonly sync: boolean;
}

const SPOOL_OPTIONS: OptionNames<SpoolOptions> = {
  folder: true,
  maxBytes: true,
  sync: true,
};

/** @throws TypeError for an unknown option, or if `maxBytes` is not above 0 */
export function spoolSettingsOf(given: SpoolOptions = {}): SpoolSettings {
  requireKnown("spool", given, SPOOL_OPTIONS);
  const { folder, maxBytes = MAX_BYTES, sync = false } = given;
  if (!(typeof maxBytes === "number" && maxBytes > 0)) {
    throw new TypeError(`spool.maxBytes is ${shown(maxBytes)}; give more than 0`);
  }
  return { folder, maxBytes, sync };
}
