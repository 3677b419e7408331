// The blind set: name -> [library, expected reason, how to cause it].

import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { QueueClient, StorageSharedKeyCredential } from "@azure/storage-queue";
import avro from "avsc";
import { Client as Ftp } from "basic-ftp";
import Bottleneck from "bottleneck";
import { parse as parseCsv } from "csv-parse/sync";
import { createPool } from "generic-pool";
import { createRemoteJWKSet, jwtVerify, SignJWT } from "jose";
import mariadb from "mariadb";
import mqtt from "mqtt";
import fetch from "node-fetch";
import OpenAI from "openai";
import CircuitBreaker from "opossum";
import PQueue from "p-queue";
import postgres from "postgres";
import protobuf from "protobufjs";
import { RateLimiterMemory } from "rate-limiter-flexible";
import { DataTypes, Sequelize } from "sequelize";
import Stripe from "stripe";
import * as s from "superstruct";
import * as v from "valibot";
import { host, PORTS, url } from "../ports.mjs";
import { all, never } from "./all.mjs";

function byPostgres(peer, user, statement = "SELECT 1") {
  const sql = postgres({
    ...{ host, port: PORTS[peer], user, pass: "x", connect_timeout: 0.3, max: 1 },
    ...{ fetch_types: false },
  });
  return sql.unsafe(statement);
}

const MARIADB = { host, password: "x", connectTimeout: 300 };
const byMariadb = async (peer, user, statement = "SELECT 1") => {
  const to = { ...MARIADB, port: PORTS[peer], user };
  await (await mariadb.createConnection(to)).query(statement);
};
const fullMariadb = async () => {
  const to = {
    ...MARIADB,
    port: PORTS.mysql,
    user: "app",
    connectionLimit: 1,
    acquireTimeout: 300,
  };
  const pool = mariadb.createPool(to);
  await pool.getConnection();
  await pool.getConnection();
};

function bySequelize(peer, user, act, pool = {}) {
  const db = new Sequelize("shop", user, "x", {
    ...{ dialect: "postgres", host, port: PORTS[peer], logging: false, pool },
    ...{ dialectOptions: { connectionTimeoutMillis: 500 } },
  });
  return act(db);
}
const query = (sql) => (db) => db.query(sql);
const Order = (db) =>
  db.define("order", { email: { type: DataTypes.STRING, validate: { isEmail: true } } });
const twice = async (db) => {
  await db.transaction();
  await db.transaction();
};

const byMqtt = (peer, username, more = {}) =>
  mqtt.connectAsync(
    `mqtt://${host}:${PORTS[peer]}`,
    {
      ...{ username, password: "x", reconnectPeriod: 0, connectTimeout: 300, ...more },
    },
    false,
  );

const byStripe = (peer, error) =>
  new Stripe("sk_test", {
    ...{ host, port: PORTS[peer], protocol: "http", maxNetworkRetries: 0, timeout: 300 },
  }).customers.retrieve(`fail_stripe_${error}`);

const byOpenai = (peer, error) =>
  new OpenAI({
    apiKey: "sk",
    baseURL: url(peer, "/v1"),
    maxRetries: 0,
    timeout: 300,
  }).models.retrieve(`fail_openai_${error}`);

const AWS = { region: "eu-central-1", maxAttempts: 1 };
const KEYS = { credentials: { accessKeyId: "id", secretAccessKey: "secret" } };
const bySqs = (error, peer = "aws", keys = KEYS) =>
  new SQSClient({ ...AWS, ...keys, endpoint: url(peer), useQueueUrlAsEndpoint: false }).send(
    new SendMessageCommand({ QueueUrl: url(peer, `/1/${error}`), MessageBody: "1" }),
  );

const byAzure = (peer, error) =>
  new QueueClient(
    url(peer, `/shop/fail_azure_${error}`),
    new StorageSharedKeyCredential("shop", "c2VjcmV0"),
    { retryOptions: { maxTries: 1 } },
  ).sendMessage("1");

const byFetch = async (where, options) => (await fetch(where, options)).json();

const byFtp = async (peer) => {
  await new Ftp(300).access({ host, port: PORTS[peer], user: "app", password: "x" });
};

const KEY = new TextEncoder().encode("a secret of at least thirty-two bytes");
const jwt = (expires = "1h") =>
  new SignJWT({}).setProtectedHeader({ alg: "HS256" }).setExpirationTime(expires).sign(KEY);
const HEAD = Buffer.from('{"alg":"RS256","kid":"1"}').toString("base64url");

const avroOrder = avro.Type.forSchema({
  ...{ type: "record", name: "Order", fields: [{ name: "id", type: "int" }] },
});
const protobufOrder = protobuf.parse('syntax="proto3"; message Order { string id = 1; }').root;

async function manyAt(queue) {
  await Promise.all([queue(), queue(), queue()]);
}

export const blind = {
  ...all("postgres.js", "postgres", (state) => byPostgres("postgres", "app", `fail_${state}`), {
    23505: "VALIDATION_FAILED",
    40001: "UNKNOWN_ERROR",
    "42P01": "EXECUTION_FAILED",
    53300: "RESOURCE_EXHAUSTED",
    57014: "TIMEOUT",
  }),
  "postgres.js: refused": ["postgres", "NETWORK_ERROR", () => byPostgres("closed", "app")],
  "postgres.js: a wrong password": [
    ...["postgres", "AUTHENTICATION_ERROR", () => byPostgres("postgres", "fail_28P01")],
  ],
  "postgres.js: connecting too slow": ["postgres", "TIMEOUT", () => byPostgres("stalled", "app")],
  "mariadb: refused": ["mariadb", "NETWORK_ERROR", () => byMariadb("closed", "app")],
  "mariadb: a wrong password": [
    ...["mariadb", "AUTHENTICATION_ERROR", () => byMariadb("mysql", "fail_1045")],
  ],
  "mariadb: a duplicate": [
    ...["mariadb", "VALIDATION_FAILED", () => byMariadb("mysql", "app", "fail_1062")],
  ],
  "mariadb: no greeting": ["mariadb", "TIMEOUT", () => byMariadb("silent", "app")],
  "mariadb: a full pool": ["mariadb", "RESOURCE_EXHAUSTED", fullMariadb],
  "sequelize: refused": [
    ...["sequelize", "NETWORK_ERROR", () => bySequelize("closed", "app", query("SELECT 1"))],
  ],
  "sequelize: a wrong password": [
    "sequelize",
    "AUTHENTICATION_ERROR",
    () => bySequelize("postgres", "fail_28P01", query("SELECT 1")),
  ],
  "sequelize: a missing table": [
    ...["sequelize", "EXECUTION_FAILED", () => bySequelize("postgres", "app", query("fail_42P01"))],
  ],
  "sequelize: a deadlock": [
    ...["sequelize", "UNKNOWN_ERROR", () => bySequelize("postgres", "app", query("fail_40P01"))],
  ],
  "sequelize: not an address": [
    "sequelize",
    "VALIDATION_FAILED",
    () => bySequelize("postgres", "app", (db) => Order(db).build({ email: "x" }).validate()),
  ],
  "sequelize: a full pool": [
    "sequelize",
    "RESOURCE_EXHAUSTED",
    () => bySequelize("postgres", "app", twice, { max: 1, acquire: 300 }),
  ],
  "mqtt: refused": ["mqtt", "NETWORK_ERROR", () => byMqtt("closed", "app")],
  "mqtt: no answer": ["mqtt", "TIMEOUT", () => byMqtt("silent", "app")],
  "mqtt: a wrong password": ["mqtt", "AUTHENTICATION_ERROR", () => byMqtt("mqtt", "fail_4")],
  "mqtt: not authorized": ["mqtt", "AUTHENTICATION_ERROR", () => byMqtt("mqtt", "fail_5")],
  "mqtt: the broker is unavailable": ["mqtt", "NETWORK_ERROR", () => byMqtt("mqtt", "fail_3")],
  "mqtt: a quota": [
    ...["mqtt", "RESOURCE_EXHAUSTED", () => byMqtt("mqtt", "fail_151", { protocolVersion: 5 })],
  ],
  ...all("stripe", "stripe", (error) => byStripe("api", error), {
    card: "WEBHOOK_FAILED",
    integer: "VALIDATION_FAILED",
    key: "AUTHENTICATION_ERROR",
    rate: "RESOURCE_EXHAUSTED",
  }),
  "stripe: refused": ["stripe", "NETWORK_ERROR", () => byStripe("closed", "x")],
  "stripe: no answer": ["stripe", "TIMEOUT", () => byStripe("silent", "x")],
  ...all("openai", "openai", (error) => byOpenai("api", error), {
    busy: "WEBHOOK_FAILED",
    context: "VALIDATION_FAILED",
    quota: "RESOURCE_EXHAUSTED",
  }),
  "openai: refused": ["openai", "NETWORK_ERROR", () => byOpenai("closed", "x")],
  "openai: no answer": ["openai", "TIMEOUT", () => byOpenai("silent", "x")],
  ...all("sqs", "@aws-sdk/client-sqs", (error) => bySqs(error), {
    InvalidClientTokenId: "AUTHENTICATION_ERROR",
    InvalidMessageContents: "VALIDATION_FAILED",
    RequestThrottled: "RESOURCE_EXHAUSTED",
  }),
  "sqs: hung up": ["@aws-sdk/client-sqs", "NETWORK_ERROR", () => bySqs("x", "hangsUp")],
  ...all("azure queue", "@azure/storage-queue", (error) => byAzure("api", error), {
    access: "AUTHENTICATION_ERROR",
    busy: "RESOURCE_EXHAUSTED",
    missing: "WEBHOOK_FAILED",
    timeout: "TIMEOUT",
  }),
  "azure queue: refused": ["@azure/storage-queue", "NETWORK_ERROR", () => byAzure("closed", "x")],
  "node-fetch: refused": ["node-fetch", "NETWORK_ERROR", () => byFetch(url("closed"))],
  "node-fetch: HTML": ["node-fetch", "VALIDATION_FAILED", () => byFetch(url("http", "/html"))],
  "node-fetch: a body that was cut": [
    ...["node-fetch", "NETWORK_ERROR", () => byFetch(url("http", "/cut"))],
  ],
  "node-fetch: redirected in a circle": [
    ...["node-fetch", "WEBHOOK_FAILED", () => byFetch(url("http", "/loop"))],
  ],
  "node-fetch: too slow": [
    "node-fetch",
    "TIMEOUT",
    () => byFetch(url("http", "/hang"), { signal: AbortSignal.timeout(100) }),
  ],
  "basic-ftp: refused": ["basic-ftp", "NETWORK_ERROR", () => byFtp("closed")],
  "basic-ftp: no greeting": ["basic-ftp", "TIMEOUT", () => byFtp("silent")],
  "jose: expired": [
    ...["jose", "AUTHENTICATION_ERROR", async () => jwtVerify(await jwt("-1h"), KEY)],
  ],
  "jose: a wrong signature": [
    "jose",
    "AUTHENTICATION_ERROR",
    async () => jwtVerify(await jwt(), new TextEncoder().encode("x".repeat(40))),
  ],
  "jose: keys that come too late": [
    "jose",
    "TIMEOUT",
    () =>
      jwtVerify(
        `${HEAD}.e30.eA`,
        createRemoteJWKSet(new URL(url("http", "/hang")), { timeoutDuration: 100 }),
      ),
  ],
  "valibot: a wrong type": [
    ...["valibot", "VALIDATION_FAILED", () => v.parse(v.object({ id: v.number() }), { id: "x" })],
  ],
  "superstruct: a wrong type": [
    ...[
      "superstruct",
      "VALIDATION_FAILED",
      () => s.assert({ id: "x" }, s.object({ id: s.number() })),
    ],
  ],
  "csv-parse: a missing column": [
    ...["csv-parse", "VALIDATION_FAILED", () => parseCsv("a,b\n1\n", { columns: true })],
  ],
  "csv-parse: an open quote": ["csv-parse", "VALIDATION_FAILED", () => parseCsv('a,"b\n')],
  "avsc: a wrong type": ["avsc", "VALIDATION_FAILED", () => avroOrder.toBuffer({ id: "x" })],
  "avsc: cut off": ["avsc", "VALIDATION_FAILED", () => avroOrder.fromBuffer(Buffer.alloc(0))],
  "protobufjs: cut off": [
    "protobufjs",
    "VALIDATION_FAILED",
    () => protobufOrder.lookupType("Order").decode(Buffer.from([10, 9, 65])),
  ],
  "opossum: too slow": [
    ...["opossum", "TIMEOUT", () => new CircuitBreaker(never, { timeout: 50 }).fire()],
  ],
  "opossum: open": [
    "opossum",
    "UNKNOWN_ERROR",
    () => {
      const breaker = new CircuitBreaker(never);
      breaker.open();
      return breaker.fire();
    },
  ],
  "opossum: full": [
    "opossum",
    "RESOURCE_EXHAUSTED",
    () => {
      const breaker = new CircuitBreaker(never, { capacity: 1, timeout: false });
      return manyAt(() => breaker.fire());
    },
  ],
  "rate-limiter-flexible: used up": [
    "rate-limiter-flexible",
    "RESOURCE_EXHAUSTED",
    () => {
      const limiter = new RateLimiterMemory({ points: 1, duration: 60 });
      return manyAt(() => limiter.consume("shop"));
    },
  ],
  "bottleneck: too many": [
    "bottleneck",
    "RESOURCE_EXHAUSTED",
    () => {
      const limiter = new Bottleneck({ maxConcurrent: 1, highWater: 0, strategy: 4 });
      return manyAt(() => limiter.schedule(never));
    },
  ],
  "bottleneck: too slow": [
    ...["bottleneck", "TIMEOUT", () => new Bottleneck().schedule({ expiration: 50 }, never)],
  ],
  "p-queue: too slow": ["p-queue", "TIMEOUT", () => new PQueue({ timeout: 50 }).add(never)],
  "generic-pool: full": [
    "generic-pool",
    "RESOURCE_EXHAUSTED",
    () => {
      const make = { create: async () => ({}), destroy: async () => {} };
      const pool = createPool(make, { max: 1, acquireTimeoutMillis: 50 });
      return manyAt(() => pool.acquire());
    },
  ],
};
