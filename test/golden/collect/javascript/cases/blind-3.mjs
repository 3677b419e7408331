// The third part of the blind set: name -> [library, expected reason, how to cause it].

import { randomBytes } from "node:crypto";
import { Resolver } from "node:dns/promises";
import { mkdtempSync, writeFileSync } from "node:fs";
import { Agent } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Readable } from "node:stream";
import {
  CognitoIdentityProviderClient,
  InitiateAuthCommand,
} from "@aws-sdk/client-cognito-identity-provider";
import { SFNClient, StartExecutionCommand } from "@aws-sdk/client-sfn";
import { create, createFileRegistry, fromBinary, fromJson } from "@bufbuild/protobuf";
import {
  FileDescriptorProtoSchema,
  file_google_protobuf_wrappers,
  TimestampSchema,
} from "@bufbuild/protobuf/wkt";
import { createClient as createConnectClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { REST } from "@discordjs/rest";
import { GoogleGenAI } from "@google/genai";
import iron from "@hapi/iron";
import { InfluxDB, setLogger } from "@influxdata/influxdb-client";
import { connect as connectNats } from "@nats-io/transport-node";
import { Client as Notion } from "@notionhq/client";
import { IncomingWebhook } from "@slack/webhook";
import { PostgrestClient } from "@supabase/postgrest-js";
import { createTRPCUntypedClient, httpLink } from "@trpc/client";
import { Redis as Upstash } from "@upstash/redis";
import { fetchExchange, Client as Urql } from "@urql/core";
import vine from "@vinejs/vine";
import { DOMParser } from "@xmldom/xmldom";
import Airtable from "airtable";
import { algoliasearch } from "algoliasearch";
import { Database as Arango } from "arangojs";
import { timeout as asyncTimeout } from "async";
import AsyncLock from "async-lock";
import { IsEmail, validateOrReject } from "class-validator";
import { formatISO } from "date-fns";
import Decimal from "decimal.js";
import Docker from "dockerode";
import { Eta } from "eta";
import { execa } from "execa";
import { createSigner, createVerifier } from "fast-jwt";
import { request as gaxios } from "gaxios";
import { Api as Telegram } from "grammy";
import ICAL from "ical.js";
import Imap from "imap";
import { Redis } from "ioredis";
import { Connection as Salesforce } from "jsforce";
import jsonata from "jsonata";
import JSZip from "jszip";
import jwksClient from "jwks-rsa";
import knex from "knex";
import { Kysely, PostgresDialect } from "kysely";
import { parsePhoneNumberWithError } from "libphonenumber-js";
import { DateTime, Settings } from "luxon";
import { Meilisearch } from "meilisearch";
import Memcached from "memcached";
import { Bulkhead, Circuit, Timeout as MollitiaTimeout } from "mollitia";
import { unpack } from "msgpackr";
import mssql from "mssql";
import mustache from "mustache";
import nano from "nano";
import { createChannel, createClient as createNiceClient } from "nice-grpc";
import NodeCache from "node-cache";
import { Model } from "objection";
import { Ollama } from "ollama";
import * as openid from "openid-client";
import pg from "pg";
import pgPromise from "pg-promise";
import { Piscina } from "piscina";
import { ServerClient as Postmark } from "postmark";
import pug from "pug";
import { Connection as Rabbit } from "rabbitmq-client";
import rawBody from "raw-body";
import Razorpay from "razorpay";
import Redlock from "redlock";
import request from "request";
import { SaxesParser } from "saxes";
import { parse as secureParse } from "secure-json-parse";
import { simpleGit } from "simple-git";
import { ClientCredentials } from "simple-oauth2";
import soap from "soap";
import { Webhook } from "standardwebhooks";
import { list as listTar } from "tar";
import { Pool as Tarn } from "tarn";
import { RestClient } from "typed-rest-client/RestClient.js";
import { Client as Typesense } from "typesense";
import { request as urllib } from "urllib";
import { parse as parseUuid } from "uuid";
import webPush from "web-push";
import { createClient as createWebdav } from "webdav";
import workerpool from "workerpool";
import wretch from "wretch";
import { host, PORTS, url } from "../ports.mjs";
import { all, limitOf, never } from "./all.mjs";

const at = (peer) => ({ host, port: PORTS[peer] });
/** The callback that rejects. */
const byCallback = (act) =>
  new Promise((resolve, reject) => {
    act((error) => (error ? reject(error) : resolve()));
  });
/** A path in a new folder, with `text` in it. */
const fileOf = (name, text) => {
  const file = join(mkdtempSync(join(tmpdir(), "golden-")), name);
  if (text !== undefined) writeFileSync(file, text);
  return file;
};
const twice = async (act) => {
  const first = act();
  await Promise.race([first, act()]);
};

const byRequest = (uri) =>
  byCallback((done) => request({ uri, json: true, timeout: limitOf(uri) }, done));
const byGaxios = (where) => gaxios({ url: where, timeout: limitOf(where), retry: false });
const byUrllib = (where) => urllib(where, { timeout: limitOf(where), dataType: "json" });
const byRestClient = (path) =>
  new RestClient("shop", url("http"), [], { socketTimeout: limitOf(path) }).get(path);

const byTrpc = (error, peer = "api") =>
  createTRPCUntypedClient({ links: [httpLink({ url: url(peer, `/fail_trpc_${error}`) })] }).query(
    "order",
  );
const SHOP = create(FileDescriptorProtoSchema, {
  ...{ name: "shop.proto", package: "shop", syntax: "proto3" },
  dependency: ["google/protobuf/wrappers.proto"],
  service: [
    {
      name: "Orders",
      method: [
        {
          name: "Get",
          inputType: ".google.protobuf.StringValue",
          outputType: ".google.protobuf.StringValue",
        },
      ],
    },
  ],
});
const Orders = createFileRegistry(SHOP, () => file_google_protobuf_wrappers.proto).getService(
  "shop.Orders",
);
const byConnect = (error, peer = "grpc") =>
  createConnectClient(Orders, createGrpcTransport({ baseUrl: url(peer, "") })).get(
    { value: `fail_${error}` },
    { timeoutMs: limitOf(error) },
  );
const empty = () => Buffer.alloc(0);
const byNiceGrpc = (what, peer = "grpc") =>
  createNiceClient(
    {
      get: {
        ...{ path: `/golden.Fail/${what}`, requestStream: false, responseStream: false },
        ...{ requestSerialize: empty, requestDeserialize: empty },
        ...{ responseSerialize: empty, responseDeserialize: empty },
      },
    },
    createChannel(`${host}:${PORTS[peer]}`),
  ).get({}, { signal: AbortSignal.timeout(limitOf(what)) });

const WSDL = `<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/"
xmlns:t="urn:t" xmlns:x="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:t">
<message name="A"><part name="id" type="x:string"/></message><message name="B"/>
<portType name="P"><operation name="Get"><input message="t:A"/><output message="t:B"/></operation></portType>
<binding name="Q" type="t:P"><s:binding style="rpc" transport="http://schemas.xmlsoap.org/soap/http"/>
<operation name="Get"><s:operation soapAction=""/>
<input><s:body use="literal"/></input><output><s:body use="literal"/></output></operation></binding>
<service name="S"><port name="R" binding="t:Q"><s:address location="ADDRESS"/></port></service></definitions>`;
const bySoap = async (error, where = url("api")) => {
  const client = await soap.createClientAsync(
    fileOf("orders.wsdl", WSDL.replace("ADDRESS", where)),
  );
  await client.GetAsync({ id: `fail_soap_${error}` });
};

const byUrql = async (where) => {
  const client = new Urql({
    ...{ url: where, exchanges: [fetchExchange], preferGetMethod: false },
    fetch: (to, options) => fetch(to, { ...options, signal: AbortSignal.timeout(limitOf(where)) }),
  });
  const { error } = await client.query("{ orders { id } }", {}).toPromise();
  throw error;
};

const POSTGRES = { ...at("postgres"), user: "app", password: "x", database: "shop" };
const byMssql = (peer) =>
  new mssql.ConnectionPool({
    ...{ server: host, port: PORTS[peer], user: "app", password: "x" },
    ...{ connectionTimeout: 500, options: { encrypt: false } },
  }).connect();
const pgp = pgPromise({ noWarnings: true });
const byPgPromise = (act, peer = "postgres") => act(pgp({ ...POSTGRES, ...at(peer) }));
const byKysely = (act) =>
  act(new Kysely({ dialect: new PostgresDialect({ pool: new pg.Pool(POSTGRES) }) }));

class Order extends Model {
  static tableName = "orders";
  static jsonSchema = { type: "object", properties: { id: { type: "integer" } } };
}
const byObjection = (act, peer = "postgres") =>
  act(
    Order.bindKnex(
      knex({ client: "pg", connection: { ...POSTGRES, ...at(peer) }, version: "16.4" }),
    ),
  );

const bySqlite = (sql) => {
  const db = new DatabaseSync(":memory:");
  db.exec("CREATE TABLE orders(id INTEGER PRIMARY KEY, email TEXT NOT NULL)");
  db.exec("INSERT INTO orders VALUES (17, 'a@example.com')");
  db.exec("PRAGMA max_page_count = 2");
  db.exec(sql);
};
const lockedSqlite = () => {
  const file = fileOf("orders.db");
  new DatabaseSync(file).exec("BEGIN EXCLUSIVE");
  new DatabaseSync(file).exec("CREATE TABLE orders(id INTEGER)");
};

const byResolver = (name) => {
  const resolver = new Resolver({ timeout: 200, tries: 1 });
  resolver.setServers([`${host}:${PORTS.dns}`]);
  return resolver.resolve4(name);
};

const byNano = (error, peer = "api") => nano(url(peer, "")).use(`fail_couch_${error}`).get("17");
const byArango = (error, peer = "api") =>
  new Arango({ url: url(peer, ""), databaseName: "shop" })
    .collection(`fail_arango_${error}`)
    .save({ _key: "17" });
setLogger({ warn: () => {}, error: () => {} });
const byInflux = (error, peer = "api") => {
  const db = new InfluxDB({ url: url(peer, ""), token: "x", timeout: limitOf(peer) });
  const writer = db.getWriteApi("shop", `fail_influx_${error}`, "ms", { maxRetries: 0 });
  writer.writeRecord("orders total=1i");
  return writer.flush();
};
const byUpstash = (error, peer = "api") =>
  new Upstash({ url: url(peer, `/fail_upstash_${error}`), token: "x", retry: false }).get("a");
const byPostgrest = (error, peer = "api") =>
  new PostgrestClient(url(peer, "")).from(`fail_postgrest_${error}`).select().throwOnError();

const AWS = {
  ...{ region: "eu-central-1", maxAttempts: 1, endpoint: url("aws") },
  credentials: { accessKeyId: "id", secretAccessKey: "secret" },
};
const byStepFunctions = (stateMachineArn) =>
  new SFNClient(AWS).send(new StartExecutionCommand({ stateMachineArn }));
const byCognito = (ClientId) =>
  new CognitoIdentityProviderClient(AWS).send(
    new InitiateAuthCommand({ ClientId, AuthFlow: "USER_PASSWORD_AUTH" }),
  );

const byNats = async (peer, act, login = {}) => {
  const to = { servers: `${host}:${PORTS[peer]}`, reconnect: false, timeout: 300 };
  await act(await connectNats({ ...to, ...login }));
};
const byRabbit = (peer, user, queue = "orders") =>
  new Promise((resolve, reject) => {
    const connection = new Rabbit({
      ...{ hostname: host, port: PORTS[peer], username: user, password: "x" },
      ...{ connectionTimeout: 300, acquireTimeout: 5000 },
    });
    connection.on("error", reject);
    connection.queueDeclare({ queue, passive: true }).then(resolve, reject);
  });

const lockedTwice = async () => {
  const redis = new Redis(at("openRedis"));
  const locks = new Redlock([redis], { retryCount: 0 });
  await locks.lock("golden-orders", 5000);
  await locks.lock("golden-orders", 5000);
};
const busyLock = (options) => {
  const lock = new AsyncLock(options);
  return Promise.race([lock.acquire("orders", never), lock.acquire("orders", never)]);
};
const worker = (options = {}) =>
  workerpool.pool({ maxWorkers: 1, workerType: "thread", ...options });
const loop = () => {
  for (;;);
};
const inPiscina = async (code, options, signal) => {
  const pool = new Piscina({
    ...{ filename: fileOf("task.mjs", `export default () => { ${code} }`), maxThreads: 1 },
    ...options,
  });
  await Promise.race([pool.run(1, { signal }), pool.run(2, { signal })]);
};
const hangs = "return new Promise(() => {});";
const mollitia = (module) => {
  const circuit = new Circuit({ options: { modules: [module] } });
  return circuit.fn(never);
};

const signed = (key, payload = {}) => createSigner({ key })(payload);
const KEY = "a secret of at least thirty-two bytes";
const byOpenid = async (act) => {
  const server = { issuer: url("api", ""), token_endpoint: url("api", "/fail_oauth_client") };
  const config = new openid.Configuration(server, "app", "x");
  openid.allowInsecureRequests(config);
  await act(config);
};
const discover = (where) =>
  openid.discovery(new URL(where), "app", "x", undefined, {
    execute: [openid.allowInsecureRequests],
  });
const byOauth = (path, peer = "api") =>
  new ClientCredentials({
    client: { id: "app", secret: "x" },
    auth: { tokenHost: url(peer, ""), tokenPath: path },
  }).getToken({});
const byWebhook = (ageS) => {
  const headers = {
    ...{ "webhook-id": "17", "webhook-signature": "v1,AAAA" },
    "webhook-timestamp": String(Math.floor(Date.now() / 1000) - ageS),
  };
  return new Webhook(Buffer.from(KEY).toString("base64")).verify("{}", headers);
};
const otherPassword = async () => {
  const sealed = await iron.seal({ id: 17 }, "p".repeat(32), iron.defaults);
  await iron.unseal(sealed, "q".repeat(32), iron.defaults);
};

const tenBytes = () => Readable.from([Buffer.from("ten bytes.")], { objectMode: false });

class Person {
  email = "x";
}
IsEmail()(Person.prototype, "email");
Settings.throwOnInvalid = true;

const byPostmark = (error, peer = "api") =>
  new Postmark("x", { requestHost: `${host}:${PORTS[peer]}`, useHttps: false }).sendEmail({
    ...{ From: "a@example.com", To: "b@example.com", TextBody: "x" },
    Subject: `fail_postmark_${error}`,
  });
const byImap = (peer) =>
  byCallback((done) => {
    const imap = new Imap({
      ...{ ...at(peer), user: "app", password: "x", tls: false },
      ...{ connTimeout: 300, authTimeout: 5000 },
    });
    imap.once("error", done);
    imap.connect();
  });

const byMeili = (error, peer = "api") =>
  new Meilisearch({ host: url(peer, `/fail_meili_${error}`), apiKey: "x", timeout: limitOf(peer) })
    .index("orders")
    .search("shoes");
const byTypesense = (error, peer = "api") =>
  new Typesense({
    nodes: [{ ...at(peer), protocol: "http", path: `/fail_typesense_${error}` }],
    ...{ apiKey: "x", numRetries: 0, logLevel: "silent" },
    connectionTimeoutSeconds: peer === "silent" ? 0.2 : 5,
  })
    .collections("orders")
    .documents("17")
    .retrieve();
const byAlgolia = (error, peer = "api") =>
  algoliasearch("app", "x", {
    hosts: [{ url: `${host}:${PORTS[peer]}`, accept: "readWrite", protocol: "http" }],
  }).saveObject({ indexName: `fail_algolia_${error}`, body: {} });
const fullCache = () => {
  const cache = new NodeCache({ maxKeys: 1 });
  cache.set("a", 1);
  cache.set("b", 1);
};
const byMemcached = (peer) =>
  byCallback((done) => {
    new Memcached(`${host}:${PORTS[peer]}`, { retries: 0, timeout: 200, failures: 0 }).get(
      "a",
      done,
    );
  });

const byRazorpay = (error) => {
  const razorpay = new Razorpay({ key_id: "app", key_secret: "x" });
  razorpay.api.rq.defaults.baseURL = url("api");
  return razorpay.payments.fetch(`fail_razorpay_${error}`);
};
const byTelegram = (error, peer = "api") =>
  new Telegram("1:x", { apiRoot: url(peer, "") }).sendMessage(1, `fail_telegram_${error}`);
const byDiscord = (error, api = url("api", "")) =>
  new REST({ api, retries: 0, timeout: limitOf(api), rejectOnRateLimit: ["/"] })
    .setToken("x")
    .post("/channels/17/messages", { body: { content: `fail_discord_${error}` } });
const bySlack = (path, peer = "http") => new IncomingWebhook(url(peer, path)).send("x");
const byNotion = (error, peer = "api") =>
  new Notion({ auth: "x", baseUrl: url(peer, ""), retry: false, timeoutMs: limitOf(peer) }).request(
    {
      ...{ path: `fail_notion_${error}`, method: "get" },
    },
  );
const bySalesforce = (error, peer = "api") =>
  new Salesforce({ instanceUrl: url(peer, ""), accessToken: "x", version: "60.0" }).query(
    `SELECT fail_salesforce_${error}`,
  );
const byAirtable = (error, peer = "api") =>
  new Airtable({ apiKey: "x", endpointUrl: url(peer, ""), requestTimeout: limitOf(peer) })
    .base("app1")(`fail_airtable_${error}`)
    .find("rec1");
const byGenai = (error, peer = "api") =>
  new GoogleGenAI({ apiKey: "x", httpOptions: { baseUrl: url(peer) } }).models.generateContent({
    ...{ model: `fail_genai_${error}`, contents: "x" },
  });
const byOllama = (error, peer = "api") =>
  new Ollama({ host: url(peer, "") }).generate({ model: `fail_ollama_${error}`, prompt: "x" });
const byDocker = (error, peer = "api") =>
  new Docker({ ...at(peer), protocol: "http" }).getContainer(`fail_docker_${error}`).inspect();
process.env.GIT_TERMINAL_PROMPT = "0";
const byGit = (where) =>
  simpleGit({ baseDir: mkdtempSync(join(tmpdir(), "golden-")) }).clone(where, "orders");
const byWebdav = (path, peer = "http") => createWebdav(url(peer, path)).getDirectoryContents("/");

const VAPID = webPush.generateVAPIDKeys();
const byPush = (path) =>
  webPush.sendNotification(
    {
      endpoint: url("https", path).replace("http:", "https:"),
      keys: { p256dh: VAPID.publicKey, auth: randomBytes(16).toString("base64url") },
    },
    "x",
    {
      agent: new Agent({ rejectUnauthorized: false }),
      vapidDetails: { subject: "mailto:a@example.com", ...VAPID },
    },
  );

export const blind3 = {
  "request: refused": ["request", "NETWORK_ERROR", () => byRequest(url("closed"))],
  "request: no answer": ["request", "TIMEOUT", () => byRequest(url("http", "/hang"))],
  "request: hung up": ["request", "NETWORK_ERROR", () => byRequest(url("http", "/close"))],
  "request: a URL without a scheme": ["request", "VALIDATION_FAILED", () => byRequest("shop/17")],
  ...all("wretch", "wretch", (path) => wretch(url("http", path)).get().json(), {
    "/status/401": "AUTHENTICATION_ERROR",
    "/status/429": "RESOURCE_EXHAUSTED",
    "/status/502": "WEBHOOK_FAILED",
    "/half-json": "VALIDATION_FAILED",
  }),
  ...all("gaxios", "gaxios", (path) => byGaxios(url("http", path)), {
    "/status/403": "AUTHENTICATION_ERROR",
    "/status/503": "WEBHOOK_FAILED",
    "/hang": "TIMEOUT",
  }),
  "gaxios: refused": ["gaxios", "NETWORK_ERROR", () => byGaxios(url("closed"))],
  ...all("urllib", "urllib", (path) => byUrllib(url("http", path)), {
    "/hang": "TIMEOUT",
    "/cut": "NETWORK_ERROR",
    "/html": "VALIDATION_FAILED",
  }),
  "urllib: refused": ["urllib", "NETWORK_ERROR", () => byUrllib(url("closed"))],
  ...all("typed-rest-client", "typed-rest-client", byRestClient, {
    "/status/401": "AUTHENTICATION_ERROR",
    "/status/503": "WEBHOOK_FAILED",
    "/hang": "TIMEOUT",
  }),
  ...all("trpc", "@trpc/client", (error) => byTrpc(error), {
    input: "VALIDATION_FAILED",
    login: "AUTHENTICATION_ERROR",
    rate: "RESOURCE_EXHAUSTED",
  }),
  "trpc: refused": ["@trpc/client", "NETWORK_ERROR", () => byTrpc("x", "closed")],
  ...all("connect", "@connectrpc/connect", (error) => byConnect(error), {
    3: "VALIDATION_FAILED",
    7: "AUTHENTICATION_ERROR",
    8: "RESOURCE_EXHAUSTED",
    12: "EXECUTION_FAILED",
    14: "NETWORK_ERROR",
    hang: "TIMEOUT",
  }),
  "connect: refused": ["@connectrpc/connect", "NETWORK_ERROR", () => byConnect("3", "closed")],
  ...all("nice-grpc", "nice-grpc", (what) => byNiceGrpc(what), {
    8: "RESOURCE_EXHAUSTED",
    16: "AUTHENTICATION_ERROR",
    hang: "TIMEOUT",
  }),
  ...all("soap", "soap", (error) => bySoap(error), {
    server: "WEBHOOK_FAILED",
    client: "VALIDATION_FAILED",
  }),
  "soap: hung up": ["soap", "NETWORK_ERROR", () => bySoap("x", url("http", "/close"))],
  "soap: refused": ["soap", "NETWORK_ERROR", () => bySoap("x", url("closed"))],
  "soap: not WSDL": [
    "soap",
    "VALIDATION_FAILED",
    () => soap.createClientAsync(fileOf("orders.wsdl", "<html></html>")),
  ],
  ...all("urql", "@urql/core", (error) => byUrql(url("api", `/fail_graphql_${error}`)), {
    field: "EXECUTION_FAILED",
    login: "AUTHENTICATION_ERROR",
    rate: "RESOURCE_EXHAUSTED",
  }),
  ...all("urql", "@urql/core", (path) => byUrql(url("http", path)), {
    "/status/503": "WEBHOOK_FAILED",
    "/hang": "TIMEOUT",
  }),
  "urql: refused": ["@urql/core", "NETWORK_ERROR", () => byUrql(url("closed"))],

  "mssql: refused": ["mssql", "NETWORK_ERROR", () => byMssql("closed")],
  "mssql: no answer": ["mssql", "TIMEOUT", () => byMssql("silent")],
  "pg-promise: no such row": [
    ...["pg-promise", "UNKNOWN_ERROR", () => byPgPromise((db) => db.one("SELECT 1"))],
  ],
  "pg-promise: a missing parameter": [
    ...["pg-promise", "EXECUTION_FAILED", () => byPgPromise((db) => db.any("SELECT $2", [1]))],
  ],
  "pg-promise: no permission": [
    ...["pg-promise", "AUTHENTICATION_ERROR", () => byPgPromise((db) => db.any("fail_42501"))],
  ],
  "pg-promise: refused": [
    ...["pg-promise", "NETWORK_ERROR", () => byPgPromise((db) => db.any("SELECT 1"), "closed")],
  ],
  "kysely: no such row": [
    "kysely",
    "UNKNOWN_ERROR",
    () => byKysely((db) => db.selectFrom("orders").selectAll().executeTakeFirstOrThrow()),
  ],
  "kysely: a missing table": [
    "kysely",
    "EXECUTION_FAILED",
    () => byKysely((db) => db.selectFrom("fail_42P01").selectAll().execute()),
  ],
  ...all(
    "objection",
    "objection",
    (state) => byObjection((O) => O.query().whereRaw(`fail_${state}`)),
    {
      23505: "VALIDATION_FAILED",
      42601: "EXECUTION_FAILED",
      53200: "RESOURCE_EXHAUSTED",
    },
  ),
  "objection: no such row": [
    "objection",
    "UNKNOWN_ERROR",
    () => byObjection((O) => O.query().findById(17).throwIfNotFound()),
  ],
  "objection: a wrong type": ["objection", "VALIDATION_FAILED", () => Order.fromJson({ id: "x" })],
  "objection: refused": [
    ...["objection", "NETWORK_ERROR", () => byObjection((O) => O.query(), "closed")],
  ],
  ...all("node:sqlite", "node", bySqlite, {
    "INSERT INTO orders VALUES (17, 'b@example.com')": "VALIDATION_FAILED",
    "INSERT INTO orders VALUES (18, NULL)": "VALIDATION_FAILED",
    "SELECT * FROM customers": "EXECUTION_FAILED",
    "SELCT 1": "EXECUTION_FAILED",
    "CREATE TABLE customers(id INTEGER)": "RESOURCE_EXHAUSTED",
  }),
  "node:sqlite: locked": ["node", "UNKNOWN_ERROR", lockedSqlite],
  "node:dns: the server fails": ["node", "NETWORK_ERROR", () => byResolver("fail-2.shop.example")],
  "node:dns: no answer": ["node", "TIMEOUT", () => byResolver("hang.shop.example")],
  ...all("nano", "nano", (error) => byNano(error), {
    conflict: "UNKNOWN_ERROR",
    large: "VALIDATION_FAILED",
    login: "AUTHENTICATION_ERROR",
    missing: "WEBHOOK_FAILED",
  }),
  "nano: refused": ["nano", "NETWORK_ERROR", () => byNano("x", "closed")],
  ...all("arangojs", "arangojs", (error) => byArango(error), {
    collection: "EXECUTION_FAILED",
    conflict: "UNKNOWN_ERROR",
    login: "AUTHENTICATION_ERROR",
    memory: "RESOURCE_EXHAUSTED",
    unique: "VALIDATION_FAILED",
  }),
  "arangojs: refused": ["arangojs", "NETWORK_ERROR", () => byArango("x", "closed")],
  ...all("influxdb", "@influxdata/influxdb-client", (error) => byInflux(error), {
    bucket: "WEBHOOK_FAILED",
    login: "AUTHENTICATION_ERROR",
    rate: "RESOURCE_EXHAUSTED",
    type: "VALIDATION_FAILED",
  }),
  ...all("upstash", "@upstash/redis", (error) => byUpstash(error), {
    limit: "RESOURCE_EXHAUSTED",
    token: "AUTHENTICATION_ERROR",
  }),
  "upstash: refused": ["@upstash/redis", "NETWORK_ERROR", () => byUpstash("x", "closed")],
  ...all("postgrest", "@supabase/postgrest-js", (error) => byPostgrest(error), {
    jwt: "AUTHENTICATION_ERROR",
    pool: "RESOURCE_EXHAUSTED",
    policy: "AUTHENTICATION_ERROR",
    row: "UNKNOWN_ERROR",
    table: "EXECUTION_FAILED",
    twice: "VALIDATION_FAILED",
  }),
  "postgrest: refused": [
    ...["@supabase/postgrest-js", "NETWORK_ERROR", () => byPostgrest("x", "closed")],
  ],
  ...all("step functions", "@aws-sdk/client-sfn", byStepFunctions, {
    ExecutionAlreadyExists: "UNKNOWN_ERROR",
    ExecutionLimitExceeded: "RESOURCE_EXHAUSTED",
    InvalidExecutionInput: "VALIDATION_FAILED",
  }),
  ...all("cognito", "@aws-sdk/client-cognito-identity-provider", byCognito, {
    CodeMismatchException: "AUTHENTICATION_ERROR",
    InvalidPasswordException: "VALIDATION_FAILED",
    LimitExceededException: "RESOURCE_EXHAUSTED",
    NotAuthorizedException: "AUTHENTICATION_ERROR",
  }),
  "nats.js: refused": ["@nats-io/transport-node", "NETWORK_ERROR", () => byNats("closed", never)],
  "nats.js: a wrong password": [
    "@nats-io/transport-node",
    "AUTHENTICATION_ERROR",
    () => byNats("nats", never, { user: "fail_login", pass: "x" }),
  ],
  "nats.js: no responders": [
    "@nats-io/transport-node",
    "NETWORK_ERROR",
    () => byNats("nats", (connection) => connection.request("orders", "1", { timeout: 5000 })),
  ],
  "nats.js: no response": [
    "@nats-io/transport-node",
    "TIMEOUT",
    () => byNats("nats", (connection) => connection.request("orders.slow", "1", { timeout: 200 })),
  ],
  "nats.js: too large": [
    "@nats-io/transport-node",
    "VALIDATION_FAILED",
    () => byNats("nats", (connection) => connection.publish("orders", "1".repeat(5000))),
  ],
  "rabbitmq-client: refused": ["rabbitmq-client", "NETWORK_ERROR", () => byRabbit("closed", "app")],
  "rabbitmq-client: a wrong password": [
    ...["rabbitmq-client", "AUTHENTICATION_ERROR", () => byRabbit("amqp", "fail_403")],
  ],
  "rabbitmq-client: a missing queue": [
    ...["rabbitmq-client", "UNKNOWN_ERROR", () => byRabbit("amqp", "app", "fail_404")],
  ],
  "rabbitmq-client: no greeting": ["rabbitmq-client", "TIMEOUT", () => byRabbit("silent", "app")],

  "redlock: locked": ["redlock", "UNKNOWN_ERROR", lockedTwice],
  "async-lock: too slow": ["async-lock", "TIMEOUT", () => busyLock({ timeout: 50 })],
  "async-lock: full": ["async-lock", "RESOURCE_EXHAUSTED", () => busyLock({ maxPending: 0 })],
  "async: too slow": ["async", "TIMEOUT", () => byCallback(asyncTimeout(() => {}, 50))],
  "workerpool: too slow": ["workerpool", "TIMEOUT", () => worker().exec(loop).timeout(200)],
  "workerpool: full": [
    "workerpool",
    "RESOURCE_EXHAUSTED",
    () => {
      const pool = worker({ maxQueueSize: 1 });
      return Promise.race([1, 2, 3].map(() => pool.exec(loop)));
    },
  ],
  "workerpool: an unknown method": [
    ...["workerpool", "EXECUTION_FAILED", () => worker().exec("price")],
  ],
  "piscina: full": ["piscina", "RESOURCE_EXHAUSTED", () => inPiscina(hangs, { maxQueue: 0 })],
  "piscina: too slow": ["piscina", "TIMEOUT", () => inPiscina(hangs, {}, AbortSignal.timeout(500))],
  "piscina: out of memory": [
    "piscina",
    "RESOURCE_EXHAUSTED",
    () =>
      inPiscina("const a = []; for (;;) a.push(new Array(1000).fill(Math.random()));", {
        resourceLimits: { maxOldGenerationSizeMb: 16 },
      }),
  ],
  "tarn: a full pool": [
    "tarn",
    "RESOURCE_EXHAUSTED",
    async () => {
      const made = { create: async () => ({}), destroy: () => {} };
      const pool = new Tarn({ ...made, min: 0, max: 1, acquireTimeoutMillis: 50 });
      await pool.acquire().promise;
      await pool.acquire().promise;
    },
  ],
  "mollitia: too slow": [
    ...["mollitia", "TIMEOUT", () => mollitia(new MollitiaTimeout({ delay: 50 })).execute()],
  ],
  "mollitia: full": [
    "mollitia",
    "RESOURCE_EXHAUSTED",
    () => {
      const circuit = mollitia(new Bulkhead({ concurrentSize: 1, queueSize: 0 }));
      return twice(() => circuit.execute());
    },
  ],

  "fast-jwt: expired": [
    ...[
      "fast-jwt",
      "AUTHENTICATION_ERROR",
      () => createVerifier({ key: KEY })(signed(KEY, { exp: 1 })),
    ],
  ],
  "fast-jwt: another key": [
    ...["fast-jwt", "AUTHENTICATION_ERROR", () => createVerifier({ key: KEY })(signed(`${KEY}x`))],
  ],
  "openid-client: an unknown client": [
    "openid-client",
    "AUTHENTICATION_ERROR",
    () => byOpenid((config) => openid.clientCredentialsGrant(config)),
  ],
  "openid-client: 503": [
    ...["openid-client", "WEBHOOK_FAILED", () => discover(url("http", "/status/503"))],
  ],
  "openid-client: refused": ["openid-client", "NETWORK_ERROR", () => discover(url("closed"))],
  "simple-oauth2: an unknown client": [
    ...["simple-oauth2", "AUTHENTICATION_ERROR", () => byOauth("/fail_oauth_client")],
  ],
  "simple-oauth2: 503": [
    ...["simple-oauth2", "WEBHOOK_FAILED", () => byOauth("/status/503", "http")],
  ],
  "simple-oauth2: refused": ["simple-oauth2", "NETWORK_ERROR", () => byOauth("/", "closed")],
  "jwks-rsa: refused": [
    "jwks-rsa",
    "NETWORK_ERROR",
    () => jwksClient({ jwksUri: url("closed") }).getSigningKey("1"),
  ],
  "jwks-rsa: too often": [
    "jwks-rsa",
    "RESOURCE_EXHAUSTED",
    async () => {
      const limit = { cache: false, rateLimit: true, jwksRequestsPerMinute: 1 };
      const client = jwksClient({ jwksUri: url("http", "/status/503"), ...limit });
      await client.getSigningKey("1").catch(() => {});
      await client.getSigningKey("1");
    },
  ],
  "standardwebhooks: a wrong signature": [
    ...["standardwebhooks", "AUTHENTICATION_ERROR", () => byWebhook(0)],
  ],
  "standardwebhooks: too old": ["standardwebhooks", "AUTHENTICATION_ERROR", () => byWebhook(3600)],
  "iron: another password": ["@hapi/iron", "AUTHENTICATION_ERROR", otherPassword],

  "class-validator: not an address": [
    ...["class-validator", "VALIDATION_FAILED", () => validateOrReject(new Person())],
  ],
  "vine: a wrong type": [
    "@vinejs/vine",
    "VALIDATION_FAILED",
    () => vine.validate({ schema: vine.object({ id: vine.number() }), data: { id: "x" } }),
  ],
  "libphonenumber-js: not a number": [
    ...["libphonenumber-js", "VALIDATION_FAILED", () => parsePhoneNumberWithError("x", "DE")],
  ],
  "luxon: not a date": ["luxon", "VALIDATION_FAILED", () => DateTime.fromISO("soon")],
  "date-fns: not a date": ["date-fns", "VALIDATION_FAILED", () => formatISO(new Date("soon"))],
  "uuid: not a UUID": ["uuid", "VALIDATION_FAILED", () => parseUuid("17")],
  "decimal.js: not a number": ["decimal.js", "VALIDATION_FAILED", () => new Decimal("five")],
  "jsonata: cut off": ["jsonata", "EXECUTION_FAILED", () => jsonata("$sum(").evaluate({})],
  "jsonata: an unknown function": [
    ...["jsonata", "EXECUTION_FAILED", () => jsonata("$price(5)").evaluate({})],
  ],
  "protobuf-es: not a time": [
    ...["@bufbuild/protobuf", "VALIDATION_FAILED", () => fromJson(TimestampSchema, "soon")],
  ],
  "protobuf-es: cut off": [
    ...["@bufbuild/protobuf", "VALIDATION_FAILED", () => fromBinary(TimestampSchema, Buffer.of(8))],
  ],
  "msgpackr: cut off": ["msgpackr", "VALIDATION_FAILED", () => unpack(Buffer.of(0x93, 1))],
  "jszip: not a ZIP file": ["jszip", "VALIDATION_FAILED", () => JSZip.loadAsync(Buffer.from("x"))],
  "tar: not a tar file": [
    ...["tar", "VALIDATION_FAILED", () => listTar({ file: "main.mjs", strict: true })],
  ],
  "raw-body: too large": [
    ...["raw-body", "VALIDATION_FAILED", () => rawBody(tenBytes(), { limit: 1 })],
  ],
  "raw-body: a body that was cut": [
    ...["raw-body", "NETWORK_ERROR", () => rawBody(tenBytes(), { length: 100 })],
  ],
  "xmldom: an open tag": [
    "@xmldom/xmldom",
    "VALIDATION_FAILED",
    () => new DOMParser().parseFromString("<order><id></order>", "text/xml"),
  ],
  "saxes: an open tag": [
    ...["saxes", "VALIDATION_FAILED", () => new SaxesParser().write("<order><id></order>").close()],
  ],
  "ical.js: cut off": ["ical.js", "VALIDATION_FAILED", () => ICAL.parse("BEGIN:VCALENDAR\r\n")],
  "secure-json-parse: a prototype": [
    ...["secure-json-parse", "VALIDATION_FAILED", () => secureParse('{"__proto__": {"a": 1}}')],
  ],

  "pug: an unknown name": ["pug", "EXECUTION_FAILED", () => pug.render("p= order.id")],
  "pug: no expression": ["pug", "EXECUTION_FAILED", () => pug.render("each item\n  p")],
  "mustache: an open section": [
    ...["mustache", "EXECUTION_FAILED", () => mustache.render("{{#orders}}", {})],
  ],
  "eta: an unknown name": [
    ...["eta", "EXECUTION_FAILED", () => new Eta().renderString("<%= it.order.id %>", {})],
  ],
  "eta: an open block": [
    ...["eta", "EXECUTION_FAILED", () => new Eta().renderString("<% if (it.a) { %>", {})],
  ],

  ...all("postmark", "postmark", (error) => byPostmark(error), {
    address: "VALIDATION_FAILED",
    credits: "RESOURCE_EXHAUSTED",
    down: "WEBHOOK_FAILED",
    token: "AUTHENTICATION_ERROR",
  }),
  "postmark: refused": ["postmark", "NETWORK_ERROR", () => byPostmark("x", "closed")],
  "node-imap: a wrong password": ["imap", "AUTHENTICATION_ERROR", () => byImap("imap")],
  "node-imap: connecting too slow": ["imap", "TIMEOUT", () => byImap("stalled")],
  ...all("meilisearch", "meilisearch", (error) => byMeili(error), {
    busy: "RESOURCE_EXHAUSTED",
    index: "WEBHOOK_FAILED",
    key: "AUTHENTICATION_ERROR",
    value: "VALIDATION_FAILED",
  }),
  "meilisearch: refused": ["meilisearch", "NETWORK_ERROR", () => byMeili("x", "closed")],
  ...all("typesense", "typesense", (error) => byTypesense(error), {
    disk: "RESOURCE_EXHAUSTED",
    key: "AUTHENTICATION_ERROR",
    lag: "WEBHOOK_FAILED",
    value: "VALIDATION_FAILED",
  }),
  "typesense: no answer": ["typesense", "TIMEOUT", () => byTypesense("x", "silent")],
  ...all("algolia", "algoliasearch", (error) => byAlgolia(error), {
    index: "WEBHOOK_FAILED",
    key: "AUTHENTICATION_ERROR",
    large: "VALIDATION_FAILED",
  }),
  "algolia: refused": ["algoliasearch", "NETWORK_ERROR", () => byAlgolia("x", "closed")],
  "node-cache: full": ["node-cache", "RESOURCE_EXHAUSTED", fullCache],
  "memcached: refused": ["memcached", "NETWORK_ERROR", () => byMemcached("closed")],

  ...all("razorpay", "razorpay", byRazorpay, {
    amount: "VALIDATION_FAILED",
    gateway: "WEBHOOK_FAILED",
    key: "AUTHENTICATION_ERROR",
  }),
  ...all("grammy", "grammy", (error) => byTelegram(error), {
    blocked: "AUTHENTICATION_ERROR",
    conflict: "UNKNOWN_ERROR",
    down: "WEBHOOK_FAILED",
    long: "VALIDATION_FAILED",
    rate: "RESOURCE_EXHAUSTED",
    token: "AUTHENTICATION_ERROR",
  }),
  "grammy: refused": ["grammy", "NETWORK_ERROR", () => byTelegram("x", "closed")],
  ...all("discord", "@discordjs/rest", (error) => byDiscord(error), {
    access: "AUTHENTICATION_ERROR",
    body: "VALIDATION_FAILED",
    channel: "WEBHOOK_FAILED",
    full: "RESOURCE_EXHAUSTED",
  }),
  "discord: no answer": [
    ...["@discordjs/rest", "TIMEOUT", () => byDiscord("x", url("http", "/hang"))],
  ],
  ...all("slack webhook", "@slack/webhook", (path) => bySlack(path), {
    "/status/403": "AUTHENTICATION_ERROR",
    "/status/410": "WEBHOOK_FAILED",
  }),
  "slack webhook: refused": ["@slack/webhook", "NETWORK_ERROR", () => bySlack("/", "closed")],
  ...all("notion", "@notionhq/client", (error) => byNotion(error), {
    access: "AUTHENTICATION_ERROR",
    conflict: "UNKNOWN_ERROR",
    down: "WEBHOOK_FAILED",
    rate: "RESOURCE_EXHAUSTED",
    value: "VALIDATION_FAILED",
  }),
  ...all("salesforce", "jsforce", (error) => bySalesforce(error), {
    field: "VALIDATION_FAILED",
    late: "TIMEOUT",
    lock: "UNKNOWN_ERROR",
    query: "EXECUTION_FAILED",
    rate: "RESOURCE_EXHAUSTED",
    session: "AUTHENTICATION_ERROR",
  }),
  ...all("airtable", "airtable", (error) => byAirtable(error), {
    login: "AUTHENTICATION_ERROR",
    value: "VALIDATION_FAILED",
  }),
  ...all("genai", "@google/genai", (error) => byGenai(error), {
    busy: "WEBHOOK_FAILED",
    key: "AUTHENTICATION_ERROR",
    late: "TIMEOUT",
    long: "VALIDATION_FAILED",
    quota: "RESOURCE_EXHAUSTED",
  }),
  ...all("ollama", "ollama", (error) => byOllama(error), {
    busy: "RESOURCE_EXHAUSTED",
    memory: "RESOURCE_EXHAUSTED",
    model: "WEBHOOK_FAILED",
  }),
  "ollama: refused": ["ollama", "NETWORK_ERROR", () => byOllama("x", "closed")],
  ...all("dockerode", "dockerode", (error) => byDocker(error), {
    conflict: "UNKNOWN_ERROR",
    disk: "RESOURCE_EXHAUSTED",
    missing: "WEBHOOK_FAILED",
    rate: "RESOURCE_EXHAUSTED",
  }),
  "simple-git: refused": ["simple-git", "NETWORK_ERROR", () => byGit(url("closed", "/orders.git"))],
  "simple-git: 401": [
    ...["simple-git", "AUTHENTICATION_ERROR", () => byGit(url("http", "/status/401"))],
  ],
  "simple-git: 503": ["simple-git", "WEBHOOK_FAILED", () => byGit(url("http", "/status/503"))],
  "execa: exit code 3": ["execa", "EXECUTION_FAILED", () => execa("sh", ["-c", "exit 3"])],
  "execa: too slow": ["execa", "TIMEOUT", () => execa("sleep", ["5"], { timeout: 100 })],
  ...all("webdav", "webdav", (path) => byWebdav(path), {
    "/status/401": "AUTHENTICATION_ERROR",
    "/status/507": "RESOURCE_EXHAUSTED",
    "/status/423": "UNKNOWN_ERROR",
  }),
  ...all("web-push", "web-push", byPush, {
    "/status/403": "AUTHENTICATION_ERROR",
    "/status/410": "WEBHOOK_FAILED",
    "/status/429": "RESOURCE_EXHAUSTED",
  }),
};
