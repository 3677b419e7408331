/** How sends are kept that can't be delivered in time. */
export interface SpoolOptions {
  /** Where the files are. Default: the environment's `DLQ_SPOOL_DIR`, else the platform's place for state. */
  readonly folder?: string | undefined;
  /** Most bytes of all files of the service in the folder. Default 256 MiB. */
  readonly maxBytes?: number | undefined;
  /** Have each write on the disk before a send counts as kept: it then survives the machine, too. Default false. */
  readonly sync?: boolean | undefined;
}

const MAX_BYTES = 256 * 1024 ** 2;

/** {@link SpoolOptions} as they are in force. */
export interface SpoolSettings {
  readonly folder: string | undefined;
  readonly maxBytes: number;
  readonly sync: boolean;
}

/** @throws TypeError for a number that makes no sense */
export function spoolSettingsOf(given: SpoolOptions = {}): SpoolSettings {
  const { folder, maxBytes = MAX_BYTES, sync = false } = given;
  if (!(maxBytes > 0)) throw new TypeError(`spool.maxBytes is ${maxBytes}; give more than 0`);
  return { folder, maxBytes, sync };
}
