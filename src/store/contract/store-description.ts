/** What a store says about itself. */
export interface StoreDescription {
  /** Such as `7.2.4`; empty: unknown. */
  version: string;
  /** Its clock. */
  nowMs: number;
  usedMemoryBytes: number;
  /** 0: no limit. */
  maxMemoryBytes: number;
  /** Replicas that are connected. */
  replicas: number;
  /** Settings that decide whether messages survive, as far as the store shows them. */
  settings: Readonly<Record<string, string>>;
  /** Settings that could lose messages, and what to do. */
  warnings: readonly string[];
  /** The name of this server in the store. */
  server: string;
  /** Servers with a recent sign of life. */
  servers: readonly string[];
}
