import type { EventType } from "../core/event.ts";
import type { SubjectPrefixes } from "./subjects.ts";

/** The text of PEM files. */
export interface NatsTls {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** How the server authenticates itself. At most one of token, user, credentials and nkeySeed. */
export interface NatsSecrets {
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly token?: string | undefined;
  /** The content of a credentials file: a JWT and its seed. */
  readonly credentials?: string | undefined;
  readonly nkeySeed?: string | undefined;
  /** TLS is required. Undefined: TLS if NATS demands it. */
  readonly tls?: NatsTls | undefined;
}

export interface NatsOptions {
  /** `host:port` of one or several servers of one cluster. */
  readonly servers: readonly string[];
  /** Of the servers' URLs, for errors. Default: nats. */
  readonly scheme?: "nats" | "tls";
  /** Name of the connection in NATS' monitoring. */
  readonly name: string;
  /** Called before each connection. Rejects with what is wrong in the files. */
  readonly secrets: () => Promise<NatsSecrets>;
  readonly prefixes: SubjectPrefixes;
  /** Undefined: core NATS, where only connected consumers get events. */
  readonly stream: string | undefined;
  /** Types of events that are published; the stream must take them. Default: all. */
  readonly types?: readonly EventType[];
  /** How long one answer may take. Default: 5 s. */
  readonly timeoutMs?: number;
}
