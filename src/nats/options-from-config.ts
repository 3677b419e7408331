import { nkeys } from "@nats-io/transport-node";
import type { Config } from "../config/config.ts";
import { readLiveFile } from "../config/live-file.ts";
import { type NatsServers, readNatsUrl } from "../config/nats-url.ts";
import { NatsError } from "./nats-error.ts";
import type { NatsOptions, NatsSecrets } from "./nats-options.ts";

/** Returns the options of the publisher; undefined: events are not published. */
export function natsOptions(config: Config): NatsOptions | undefined {
  if (config.natsUrl === undefined) return undefined;
  const read = readNatsUrl(config.natsUrl);
  if ("problem" in read) throw new Error(`nats-url ${read.problem}`);
  return {
    servers: read.ok.servers,
    scheme: read.ok.requiresTls ? "tls" : "nats",
    name: `dlq ${config.nodeId}`,
    secrets: () => readSecrets(config, read.ok),
    prefixes: { events: config.natsPrefix, actionEvents: config.natsActionPrefix },
    stream: config.natsStream,
    types: config.natsEvents,
  };
}

async function readSecrets(
  config: Config,
  { user, password, token, requiresTls }: NatsServers,
): Promise<NatsSecrets> {
  const [credentials, nkey, ca, cert, key] = await Promise.all([
    readFile("nats-credentials-file", config.natsCredentialsFile),
    readFile("nats-nkey-file", config.natsNkeyFile),
    readFile("nats-tls-ca", config.natsTlsCa),
    readFile("nats-tls-cert", config.natsTlsCert),
    readFile("nats-tls-key", config.natsTlsKey),
  ]);
  const hasTls = requiresTls || ca !== undefined || cert !== undefined;
  return {
    user,
    password,
    token,
    credentials,
    nkeySeed: nkey === undefined ? undefined : seedIn(nkey, config.natsNkeyFile),
    tls: hasTls ? { ca, cert, key } : undefined,
  };
}

async function readFile(setting: string, path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return (await readLiveFile(path)).toString();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const text = `${setting} ${path} cannot be read: ${why}`;
    throw new NatsError({ brief: `${setting} cannot be read`, text }, { cause: error });
  }
}

function seedIn(text: string, path = ""): string {
  const seed = /^\s*(SU[A-Z2-7]+)\s*$/m.exec(text)?.[1];
  if (seed === undefined) {
    const text = `nats-nkey-file ${path} has no seed, a line that begins with SU`;
    throw new NatsError({ brief: "nats-nkey-file has no seed", text });
  }
  try {
    nkeys.fromSeed(new TextEncoder().encode(seed));
  } catch {
    const text = `nats-nkey-file ${path} has a damaged seed`;
    throw new NatsError({ brief: "nats-nkey-file has a damaged seed", text });
  }
  return seed;
}
