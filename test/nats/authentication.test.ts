// Each way of authentication of the settings, with a real nats-server.

import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nkeys } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createNatsPublisher, type NatsPublisher } from "../../src/nats/nats-publisher.ts";
import { natsOptions } from "../../src/nats/options-from-config.ts";
import { sampleEvent } from "../codec/events.ts";
import { loadOk } from "../config/load-support.ts";
import { makeCertificate } from "../support/certificate.ts";
import { startTestNats, type TestNats } from "../support/nats.ts";
import { createOperator } from "./user-jwt.ts";

let dir: string;
const servers: TestNats[] = [];
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "dlq-nats-auth-"));
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  await rm(dir, { recursive: true, force: true });
});

async function start(config: string): Promise<TestNats> {
  const server = await startTestNats({ jetstream: false, config });
  servers.push(server);
  return server;
}

function publisherOf(url: string, files: Record<string, string> = {}): NatsPublisher {
  const argv = Object.entries(files).map(([name, path]) => `--${name}=${path}`);
  const there = Object.fromEntries(Object.values(files).map((path) => [path, ""]));
  const options = natsOptions(loadOk({ argv: [`--nats-url=${url}`, ...argv], files: there }));
  if (options === undefined) throw new Error("nothing is published");
  return createNatsPublisher(options);
}

/** Resolves if an event goes through. Rejects with the error, which has none of the secrets. */
async function send(publisher: NatsPublisher, ...secrets: readonly string[]): Promise<void> {
  try {
    await publisher.publish([sampleEvent("retried")]);
  } catch (error) {
    for (const secret of secrets) expect(String(error)).not.toContain(secret);
    throw error;
  } finally {
    await publisher.close();
  }
}

async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(dir, name);
  await writeFile(path, content, { mode: 0o600 });
  return path;
}

test("without nats-url nothing is published", () => {
  expect(natsOptions(loadOk({}))).toBeUndefined();
});

test("user and password", async () => {
  const { port } = await start("authorization { user: dlq, password: 's3cr@t' }");
  await send(publisherOf(`nats://dlq:s3cr%40t@127.0.0.1:${port}`));
  const expected = `NATS at nats://127.0.0.1:${port} refuses the credentials: Authorization Violation; correct user and password in nats_url, or nats_credentials_file`;
  const wrong = send(publisherOf(`nats://dlq:wr0ng@127.0.0.1:${port}`), "wr0ng");
  await expect(wrong).rejects.toThrow(expected);
  await expect(send(publisherOf(`nats://127.0.0.1:${port}`))).rejects.toThrow(expected);
});

test("token", async () => {
  const { port } = await start("authorization { token: 't0ken-of-dlq' }");
  await send(publisherOf(`nats://t0ken-of-dlq@127.0.0.1:${port}`));
  const wrong = send(publisherOf(`nats://wr0ng@127.0.0.1:${port}`), "wr0ng");
  await expect(wrong).rejects.toThrow("refuses the credentials");
});

test("NKey", async () => {
  const [user, other] = [nkeys.createUser(), nkeys.createUser()];
  const { url } = await start(`authorization { users = [ { nkey: ${user.getPublicKey()} } ] }`);
  const seed = new TextDecoder().decode(user.getSeed());
  const right = await file("right.nk", `# of the DLQ\n${seed}\n`);
  await send(publisherOf(url, { "nats-nkey-file": right }));
  const wrong = await file("wrong.nk", other.getSeed());
  const refused = send(publisherOf(url, { "nats-nkey-file": wrong }));
  await expect(refused).rejects.toThrow("refuses the credentials");
  const none = await file("none.nk", user.getPublicKey());
  const unusable = send(publisherOf(url, { "nats-nkey-file": none }));
  await expect(unusable).rejects.toThrow(`nats-nkey-file ${none} has no seed, a line that`);
  const swapped = seed.replace(/(?<=.{9})(.)(?!\1)(.)/, "$2$1");
  const broken = await file("broken.nk", swapped);
  const unread = send(publisherOf(url, { "nats-nkey-file": broken }), swapped);
  await expect(unread).rejects.toThrow(`nats-nkey-file ${broken} has a damaged seed`);
  const absent = send(publisherOf(url, { "nats-nkey-file": join(dir, "absent") }));
  await expect(absent).rejects.toThrow(/^nats-nkey-file \S+absent cannot be read: ENOENT/);
});

test("a credentials file, which is read again at the next connection", async () => {
  const operator = createOperator();
  const { url } = await start(operator.config);
  const path = await file("user.creds", operator.credentials({ expired: true }));
  const publisher = publisherOf(url, { "nats-credentials-file": path });
  const events = [sampleEvent("retried")];
  await expect(publisher.publish(events)).rejects.toThrow("refuses the credentials");
  await file("user.creds", operator.credentials());
  await publisher.publish(events);
  await publisher.close();
  await file("user.creds", "nonsense");
  const unusable = send(publisherOf(url, { "nats-credentials-file": path }));
  await expect(unusable).rejects.toThrow("refuses the credentials: unable to parse credentials");
});

describe("TLS", () => {
  let nats: TestNats;
  const pem = (name: string) => join(dir, name);
  beforeAll(async () => {
    await Promise.all(
      ["server", "client", "other"].map((name) => makeCertificate(pem(name), name)),
    );
    nats = await start(
      `tls { cert_file: "${pem("server.crt")}", key_file: "${pem("server.key")}", ca_file: "${pem("client.crt")}", verify: true }`,
    );
  });
  const own = () => ({
    "nats-tls-ca": pem("server.crt"),
    "nats-tls-cert": pem("client.crt"),
    "nats-tls-key": pem("client.key"),
  });

  test.each(["tls", "nats"])("with certificates of both sides, by %s://", async (scheme) => {
    await send(publisherOf(`${scheme}://localhost:${nats.port}`, own()));
  });

  test("by the address instead of a name", async () => {
    await send(publisherOf(`tls://127.0.0.1:${nats.port}`, own()));
  });

  test("refuses a server of an unknown authority", async () => {
    const files = { ...own(), "nats-tls-ca": pem("other.crt") };
    const refused = send(publisherOf(`tls://localhost:${nats.port}`, files));
    await expect(refused).rejects.toThrow(
      /^TLS with NATS at tls:\S+ fails: self-signed certificate: nats_tls_ca must name/,
    );
  });

  test("refuses a client without a certificate", async () => {
    const files = { "nats-tls-ca": pem("server.crt") };
    const refused = send(publisherOf(`tls://localhost:${nats.port}`, files));
    const at = `NATS at tls://localhost:${nats.port}`;
    // The connection may end before TLS' reason is read.
    const reasons = [
      `TLS with ${at} fails: tlsv13 alert certificate required`,
      `${at} does not answer: (?:read ECONNRESET|write EPIPE|Client network socket disconnected before secure TLS connection was established); it may require a certificate: set nats_tls_cert and nats_tls_key`,
    ];
    await expect(refused).rejects.toThrow(new RegExp(`^(?:${reasons.join("|")})$`));
  });

  const ADVICE = "it may require a certificate: set nats_tls_cert and nats_tls_key";
  test.each(["end", "reset"] as const)(
    "that fails by an %s of the connection, the advice is a certificate if there is none",
    async (how) => {
      const info = `INFO ${JSON.stringify({ version: "2.12.0", tls_required: true })}\r\n`;
      const server = createServer((socket) => {
        socket.on("error", () => {}).write(info);
        // The first message of TLS.
        socket.once("data", () => (how === "end" ? socket.destroy() : socket.resetAndDestroy()));
      }).listen(0, "127.0.0.1");
      onTestFinished(() => void server.close());
      await once(server, "listening");
      const url = `nats://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const refused = send(publisherOf(url));
      await expect(refused).rejects.toThrow(new RegExp(`^NATS at ${url} does not .*; ${ADVICE}$`));
      const alsoRefused = send(publisherOf(url, own()));
      await expect(alsoRefused).rejects.toThrow(new RegExp(`^NATS at ${url} does not [^;]*$`));
    },
  );

  test("refuses a file without a certificate", async () => {
    const files = { "nats-tls-ca": await file("broken.crt", "nonsense") };
    const refused = send(publisherOf(`tls://localhost:${nats.port}`, files));
    await expect(refused).rejects.toThrow(/^TLS with NATS at tls:\S+ fails: /);
  });

  test("is not left out if NATS has none", async () => {
    const { port } = await start("");
    const refused = send(publisherOf(`tls://127.0.0.1:${port}`));
    await expect(refused).rejects.toThrow("fails: server does not support 'tls'");
  });
});

test("of several servers, one that is there is enough", async () => {
  const { port } = await start("");
  await send(publisherOf(`nats://127.0.0.1:1,nats://127.0.0.1:${port}`));
});
