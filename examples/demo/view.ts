import type { Happening } from "./happening.ts";
import type { Ledger } from "./ledger.ts";
import type { ServiceName } from "./services.ts";

/** What every way to show a run gets to see. */
export interface Scene {
  readonly ledger: Ledger;
  readonly seconds: number;
  /** Since the first order. */
  elapsedMs(): number;
  worksAgain(service: ServiceName): boolean;
  /** Where the service listens, for gRPC. */
  readonly grpc: string;
}

/** A way to show a run as it happens. */
export interface View {
  happened(happening: Happening): void;
  /** The counts are new. */
  refreshed(): void;
  /** Gives the terminal back as it was. Safe to call again. */
  close(): void;
}
