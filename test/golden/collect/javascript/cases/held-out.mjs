// The held-out set: name -> [library, expected reason, how to cause it].

import "reflect-metadata";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import { BlobServiceClient, StorageSharedKeyCredential } from "@azure/storage-blob";
import { createClient as createClickhouse } from "@clickhouse/client";
import { Storage } from "@google-cloud/storage";
import { Octokit } from "@octokit/core";
import { Client as OpenSearch } from "@opensearch-project/opensearch";
import sendgrid from "@sendgrid/mail";
import { Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { WebClient } from "@slack/web-api";
import AdmZip from "adm-zip";
import { type } from "arktype";
import retry from "async-retry";
import { deserialize } from "bson";
import { Queue } from "bullmq";
import cassandra from "cassandra-driver";
import { drizzle } from "drizzle-orm/node-postgres";
import ejs from "ejs";
import { GraphQLClient } from "graphql-request";
import handlebars from "handlebars";
import { ImapFlow } from "imapflow";
import JSON5 from "json5";
import knex from "knex";
import { Client as Ldap } from "ldapts";
import { Liquid } from "liquidjs";
import * as minio from "minio";
import mongoose from "mongoose";
import neo4j from "neo4j-driver";
import nunjucks from "nunjucks";
import { readMessage } from "openpgp";
import oracledb from "oracledb";
import pRetry from "p-retry";
import pTimeout from "p-timeout";
import pg from "pg";
import lockfile from "proper-lockfile";
import sharp from "sharp";
import { io } from "socket.io-client";
import Sftp from "ssh2-sftp-client";
import * as tedious from "tedious";
import twilio from "twilio";
import { DataSource, EntitySchema } from "typeorm";
import YAML from "yaml";
import yauzl from "yauzl";
import { host, PORTS, url } from "../ports.mjs";
import { all, limitOf, never } from "./all.mjs";

const AWS = {
  ...{ region: "eu-central-1", maxAttempts: 1, endpoint: url("aws") },
  credentials: { accessKeyId: "id", secretAccessKey: "secret" },
};
const bySecrets = (SecretId) =>
  new SecretsManagerClient(AWS).send(new GetSecretValueCommand({ SecretId }));
const bySns = (topic) =>
  new SNSClient(AWS).send(
    new PublishCommand({ TopicArn: `arn:aws:sns:eu-central-1:1:${topic}`, Message: "1" }),
  );
const byLambda = (FunctionName) => new LambdaClient(AWS).send(new InvokeCommand({ FunctionName }));

const byBlob = (error, peer = "api") =>
  new BlobServiceClient(url(peer, "/shop"), new StorageSharedKeyCredential("shop", "c2VjcmV0"), {
    retryOptions: { maxTries: 1 },
  })
    .getContainerClient(`fail_azure_${error}`)
    .getBlockBlobClient("a")
    .upload("1", 1);

const byStorage = (error, peer = "api") =>
  new Storage({
    ...{ apiEndpoint: url(peer, ""), projectId: "shop", useAuthWithCustomEndpoint: false },
    retryOptions: { autoRetry: false },
  })
    .bucket(`fail_google_${error}`)
    .getMetadata();

const byOctokit = (error, peer = "api") =>
  new Octokit({ auth: "x", baseUrl: url(peer, "") }).request(
    `GET /repos/shop/fail_github_${error}`,
  );
const bySlack = (error, peer = "api") =>
  new WebClient("x", {
    ...{ slackApiUrl: url(peer, `/fail_slack_${error}/`), retryConfig: { retries: 0 } },
    ...{ rejectRateLimitedCalls: true, timeout: limitOf(error) },
  }).auth.test();
const bySlackStatus = (path) =>
  new WebClient("x", {
    ...{ slackApiUrl: url("http", `${path}/`), retryConfig: { retries: 0 } },
    ...{ rejectRateLimitedCalls: true, timeout: limitOf(path) },
  }).auth.test();
const toApi = (peer) => ({
  request: async ({ method, uri }) => {
    const answer = await fetch(uri.replace("https://api.twilio.com", url(peer, "")), { method });
    return { statusCode: answer.status, body: await answer.json() };
  },
});
const byTwilio = (error) =>
  twilio("AC1", "x", { httpClient: toApi("api") })
    .messages(`fail_twilio_${error}`)
    .fetch();
const bySendgrid = (error) => {
  sendgrid.setApiKey("SG.x");
  sendgrid.client.setDefaultRequest("baseUrl", url("api"));
  const from = "a@example.com";
  return sendgrid.send({ to: from, from, subject: `fail_sendgrid_${error}`, text: "x" });
};
const byGraphql = (error, peer = "api") =>
  new GraphQLClient(url(peer, `/fail_graphql_${error}`)).request("{ orders { id } }");
const byGraphqlStatus = (path) =>
  new GraphQLClient(url("http", path), {
    fetch: (to, options) => fetch(to, { ...options, signal: AbortSignal.timeout(limitOf(path)) }),
  }).request("{ orders { id } }");

const byMinio = (error, peer = "aws") =>
  new minio.Client({
    ...{ endPoint: host, port: PORTS[peer], useSSL: false, region: "x" },
    ...{ accessKey: "id", secretKey: "secret" },
  }).getObject("shop", error);

const byOpensearch = (path, peer = "http") =>
  new OpenSearch({ node: url(peer, path), maxRetries: 0, requestTimeout: limitOf(path) }).search();

const byClickhouse = (error, peer = "api") =>
  createClickhouse({
    ...{ url: url(peer), username: `fail_clickhouse_${error}`, password: "x" },
    request_timeout: peer === "silent" ? 200 : 5000,
  }).query({ query: "SELECT 1" });

const POSTGRES = { host, user: "app", password: "x", database: "shop" };

const Order = new EntitySchema({
  ...{ name: "Order", tableName: "orders", columns: { id: { type: Number, primary: true } } },
});
async function byTypeorm(act, peer = "postgres") {
  const { user: username, ...rest } = POSTGRES;
  const source = new DataSource({
    ...{ type: "postgres", ...rest, username, port: PORTS[peer], entities: [Order] },
    ...{ connectTimeoutMS: 300, logging: false },
  });
  await source.initialize();
  await act(source);
}
const typeormQuery = (state) => byTypeorm((source) => source.query(`fail_${state}`));

const byKnex = (act, peer = "postgres") =>
  act(
    knex({
      ...{ client: "pg", connection: { ...POSTGRES, port: PORTS[peer] } },
      ...{ version: "16.4", pool: { min: 0, max: 1 }, acquireConnectionTimeout: 300 },
    }),
  );
const knexQuery = (state) => byKnex((db) => db.raw(`SELECT fail_${state}`));

const byDrizzle = (state, peer = "postgres") =>
  drizzle(new pg.Pool({ ...POSTGRES, port: PORTS[peer] })).execute(`fail_${state}`);

const Person = new mongoose.Schema({ email: { type: String, required: true }, age: Number });
async function byMongoose(act, peer = "mongodb", collection = "orders") {
  const limitMs = peer === "mongodb" ? 5000 : 300;
  mongoose.set("bufferTimeoutMS", limitMs + 100);
  const connection = mongoose.createConnection(`mongodb://${host}:${PORTS[peer]}/shop`, {
    ...{ serverSelectionTimeoutMS: limitMs, autoIndex: false, autoCreate: false },
  });
  await act(connection.model("Person", Person, collection), connection);
}
const mongooseWrite = (code) =>
  byMongoose((model) => model.create({ email: "a@example.com" }), "mongodb", `fail_${code}`);

const byTedious = (peer) =>
  new Promise((_, reject) => {
    const connection = new tedious.Connection({
      server: host,
      authentication: { type: "default", options: { userName: "app", password: "x" } },
      options: { port: PORTS[peer], encrypt: false, connectTimeout: 500 },
    });
    connection.connect((error) => error && reject(error));
  });

const byOracle = (peer) =>
  oracledb.getConnection({
    ...{ user: "app", password: "x" },
    connectString: `${host}:${PORTS[peer]}/shop?transport_connect_timeout=1`,
  });
const byCassandra = (peer) =>
  new cassandra.Client({
    ...{ contactPoints: [`${host}:${PORTS[peer]}`], localDataCenter: "dc1" },
    socketOptions: { connectTimeout: 300 },
  }).connect();
const byNeo4j = (peer) =>
  neo4j
    .driver(`bolt://${host}:${PORTS[peer]}`, neo4j.auth.basic("app", "x"), {
      connectionTimeout: 300,
    })
    .verifyConnectivity();

const byBullmq = (peer, data) =>
  new Queue("orders", {
    connection: { host, port: PORTS[peer], maxRetriesPerRequest: 0, retryStrategy: null },
  }).add("order", data);
const byImap = (peer) =>
  new ImapFlow({
    ...{ host, port: PORTS[peer], secure: false, auth: { user: "app", pass: "x" }, logger: false },
    ...{ connectionTimeout: 300, greetingTimeout: 300 },
  }).connect();
const byLdap = (peer) =>
  new Ldap({ url: `ldap://${host}:${PORTS[peer]}`, timeout: 300, connectTimeout: 300 }).bind(
    "cn=app",
    "x",
  );
const bySftp = (peer) =>
  new Sftp().connect({
    ...{ host, port: PORTS[peer], username: "app", password: "x", readyTimeout: 300 },
  });
const bySocketIo = (where) =>
  new Promise((_, reject) => {
    io(where, { reconnection: false, timeout: limitOf(where) }).on("connect_error", reject);
  });

const refused = () => fetch(url("closed"));
const locked = async () => {
  await lockfile.lock("main.mjs");
  await lockfile.lock("main.mjs");
};

const OrderType = Type.Object({ id: Type.Number() });

export const heldOut = {
  ...all("secrets manager", "@aws-sdk/client-secrets-manager", bySecrets, {
    AccessDeniedException: "AUTHENTICATION_ERROR",
    DecryptionFailure: "AUTHENTICATION_ERROR",
    InternalServiceError: "WEBHOOK_FAILED",
    ThrottlingException: "RESOURCE_EXHAUSTED",
  }),
  ...all("sns", "@aws-sdk/client-sns", bySns, {
    AuthorizationError: "AUTHENTICATION_ERROR",
    InvalidParameter: "VALIDATION_FAILED",
    Throttled: "RESOURCE_EXHAUSTED",
  }),
  ...all("lambda", "@aws-sdk/client-lambda", byLambda, {
    TooManyRequestsException: "RESOURCE_EXHAUSTED",
    RequestTooLargeException: "VALIDATION_FAILED",
    EC2ThrottledException: "RESOURCE_EXHAUSTED",
    ServiceException: "WEBHOOK_FAILED",
  }),
  ...all("azure blob", "@azure/storage-blob", (error) => byBlob(error), {
    role: "AUTHENTICATION_ERROR",
    container: "WEBHOOK_FAILED",
    large: "VALIDATION_FAILED",
  }),
  ...all("google storage", "@google-cloud/storage", (error) => byStorage(error), {
    access: "AUTHENTICATION_ERROR",
    rate: "RESOURCE_EXHAUSTED",
    backend: "WEBHOOK_FAILED",
  }),
  "google storage: refused": [
    ...["@google-cloud/storage", "NETWORK_ERROR", () => byStorage("x", "closed")],
  ],
  ...all("octokit", "@octokit/core", (error) => byOctokit(error), {
    login: "AUTHENTICATION_ERROR",
    rate: "RESOURCE_EXHAUSTED",
    value: "VALIDATION_FAILED",
    missing: "WEBHOOK_FAILED",
  }),
  "octokit: refused": ["@octokit/core", "NETWORK_ERROR", () => byOctokit("x", "closed")],
  ...all("slack", "@slack/web-api", (error) => bySlack(error), {
    login: "AUTHENTICATION_ERROR",
    scope: "AUTHENTICATION_ERROR",
    channel: "UNKNOWN_ERROR",
    long: "VALIDATION_FAILED",
  }),
  ...all("slack", "@slack/web-api", bySlackStatus, {
    "/status/429": "RESOURCE_EXHAUSTED",
    "/status/503": "WEBHOOK_FAILED",
    "/hang": "TIMEOUT",
  }),
  "slack: refused": ["@slack/web-api", "NETWORK_ERROR", () => bySlack("x", "closed")],
  ...all("twilio", "twilio", byTwilio, {
    login: "AUTHENTICATION_ERROR",
    number: "VALIDATION_FAILED",
    rate: "RESOURCE_EXHAUSTED",
  }),
  ...all("sendgrid", "@sendgrid/mail", bySendgrid, {
    key: "AUTHENTICATION_ERROR",
    address: "VALIDATION_FAILED",
    rate: "RESOURCE_EXHAUSTED",
  }),
  ...all("graphql-request", "graphql-request", (error) => byGraphql(error), {
    field: "EXECUTION_FAILED",
    input: "VALIDATION_FAILED",
    login: "AUTHENTICATION_ERROR",
    rate: "RESOURCE_EXHAUSTED",
  }),
  ...all("graphql-request", "graphql-request", byGraphqlStatus, {
    "/status/502": "WEBHOOK_FAILED",
    "/hang": "TIMEOUT",
  }),
  ...all("minio", "minio", (error) => byMinio(error), {
    AccessDenied: "AUTHENTICATION_ERROR",
    NoSuchBucket: "WEBHOOK_FAILED",
    SlowDown: "RESOURCE_EXHAUSTED",
  }),
  ...all("opensearch", "@opensearch-project/opensearch", (path) => byOpensearch(path), {
    "/status/401": "AUTHENTICATION_ERROR",
    "/status/429": "RESOURCE_EXHAUSTED",
    "/hang": "TIMEOUT",
  }),
  "opensearch: refused": [
    ...["@opensearch-project/opensearch", "NETWORK_ERROR", () => byOpensearch("/", "closed")],
  ],
  ...all("clickhouse", "@clickhouse/client", (error) => byClickhouse(error), {
    login: "AUTHENTICATION_ERROR",
    memory: "RESOURCE_EXHAUSTED",
    table: "EXECUTION_FAILED",
  }),
  "clickhouse: no answer": ["@clickhouse/client", "TIMEOUT", () => byClickhouse("x", "silent")],
  ...all("typeorm", "typeorm", typeormQuery, {
    23503: "VALIDATION_FAILED",
    "40P01": "UNKNOWN_ERROR",
    "42P01": "EXECUTION_FAILED",
    57014: "TIMEOUT",
  }),
  "typeorm: refused": ["typeorm", "NETWORK_ERROR", () => byTypeorm(never, "closed")],
  "typeorm: no such row": [
    "typeorm",
    "UNKNOWN_ERROR",
    () => byTypeorm((source) => source.getRepository("Order").findOneByOrFail({ id: 17 })),
  ],
  "typeorm: an unknown column": [
    "typeorm",
    "EXECUTION_FAILED",
    () => byTypeorm((source) => source.getRepository("Order").findOneBy({ total: 17 })),
  ],
  ...all("knex", "knex", knexQuery, {
    "22P02": "VALIDATION_FAILED",
    42601: "EXECUTION_FAILED",
    "57P01": "NETWORK_ERROR",
  }),
  "knex: refused": ["knex", "NETWORK_ERROR", () => byKnex((db) => db.raw("SELECT 1"), "closed")],
  "knex: a full pool": [
    "knex",
    "RESOURCE_EXHAUSTED",
    () =>
      byKnex(async (db) => {
        await db.transaction();
        await db.raw("SELECT 1");
      }),
  ],
  ...all("drizzle", "drizzle-orm", (state) => byDrizzle(state), {
    23505: "VALIDATION_FAILED",
    42501: "AUTHENTICATION_ERROR",
    53300: "RESOURCE_EXHAUSTED",
  }),
  "drizzle: refused": ["drizzle-orm", "NETWORK_ERROR", () => byDrizzle("x", "closed")],
  ...all("mongoose", "mongoose", mongooseWrite, {
    11000: "VALIDATION_FAILED",
    13: "AUTHENTICATION_ERROR",
    112: "UNKNOWN_ERROR",
  }),
  "mongoose: refused": [
    "mongoose",
    "NETWORK_ERROR",
    () => byMongoose((_, connection) => connection.asPromise(), "closed"),
  ],
  "mongoose: no answer": [
    ...["mongoose", "TIMEOUT", () => byMongoose((model) => model.findOne(), "silent")],
  ],
  "mongoose: a missing field": [
    ...["mongoose", "VALIDATION_FAILED", () => byMongoose((model) => model.create({ age: 5 }))],
  ],
  "mongoose: not a number": [
    ...["mongoose", "VALIDATION_FAILED", () => byMongoose((model) => model.findOne({ age: "x" }))],
  ],
  "tedious: refused": ["tedious", "NETWORK_ERROR", () => byTedious("closed")],
  "tedious: no answer": ["tedious", "TIMEOUT", () => byTedious("silent")],
  "oracledb: refused": ["oracledb", "NETWORK_ERROR", () => byOracle("closed")],
  "oracledb: connecting too slow": ["oracledb", "TIMEOUT", () => byOracle("stalled")],
  "cassandra: refused": ["cassandra-driver", "NETWORK_ERROR", () => byCassandra("closed")],
  "neo4j: refused": ["neo4j-driver", "NETWORK_ERROR", () => byNeo4j("closed")],
  "bullmq: refused": ["bullmq", "NETWORK_ERROR", () => byBullmq("closed", {})],
  "bullmq: full memory": ["bullmq", "RESOURCE_EXHAUSTED", () => byBullmq("fullRedis", {})],
  "bullmq: a password is missing": [
    ...["bullmq", "AUTHENTICATION_ERROR", () => byBullmq("lockedRedis", {})],
  ],
  "imapflow: a wrong password": ["imapflow", "AUTHENTICATION_ERROR", () => byImap("imap")],
  "imapflow: no greeting": ["imapflow", "TIMEOUT", () => byImap("silent")],
  "imapflow: refused": ["imapflow", "NETWORK_ERROR", () => byImap("closed")],
  "ldapts: a wrong password": ["ldapts", "AUTHENTICATION_ERROR", () => byLdap("ldap")],
  "ldapts: refused": ["ldapts", "NETWORK_ERROR", () => byLdap("closed")],
  "ldapts: no answer": ["ldapts", "TIMEOUT", () => byLdap("silent")],
  "sftp: refused": ["ssh2-sftp-client", "NETWORK_ERROR", () => bySftp("closed")],
  "sftp: no handshake in time": ["ssh2-sftp-client", "TIMEOUT", () => bySftp("silent")],
  "socket.io: refused": ["socket.io-client", "NETWORK_ERROR", () => bySocketIo(url("closed"))],
  "p-timeout: too slow": ["p-timeout", "TIMEOUT", () => pTimeout(never(), { milliseconds: 50 })],
  "p-retry: refused": ["p-retry", "NETWORK_ERROR", () => pRetry(refused, { retries: 0 })],
  "async-retry: refused": ["async-retry", "NETWORK_ERROR", () => retry(refused, { retries: 0 })],
  "proper-lockfile: locked": ["proper-lockfile", "UNKNOWN_ERROR", locked],
  "handlebars: a template that is cut off": [
    ...["handlebars", "EXECUTION_FAILED", () => handlebars.compile("{{#if a}}")({})],
  ],
  "handlebars: a missing helper": [
    ...["handlebars", "EXECUTION_FAILED", () => handlebars.compile("{{price 5}}")({})],
  ],
  "ejs: an unknown name": ["ejs", "EXECUTION_FAILED", () => ejs.render("<%= order.id %>", {})],
  "nunjucks: an unknown filter": [
    ...["nunjucks", "EXECUTION_FAILED", () => nunjucks.renderString("{{ 5 | price }}", {})],
  ],
  "liquidjs: an open tag": [
    ...["liquidjs", "EXECUTION_FAILED", () => new Liquid().parseAndRender("{% if a %}")],
  ],
  "yaml: an open bracket": ["yaml", "VALIDATION_FAILED", () => YAML.parse("a: [1")],
  "json5: cut off": ["json5", "VALIDATION_FAILED", () => JSON5.parse("{id: 5,")],
  "bson: cut off": ["bson", "VALIDATION_FAILED", () => deserialize(Buffer.from([9, 0, 0, 0, 1]))],
  "adm-zip: not a ZIP file": ["adm-zip", "VALIDATION_FAILED", () => new AdmZip(Buffer.from("x"))],
  "yauzl: not a ZIP file": [
    "yauzl",
    "VALIDATION_FAILED",
    () =>
      new Promise((_, reject) => {
        yauzl.fromBuffer(Buffer.alloc(40), {}, (error) => reject(error));
      }),
  ],
  "sharp: not an image": [
    ...["sharp", "VALIDATION_FAILED", () => sharp(Buffer.from("<html>")).png().toBuffer()],
  ],
  "openpgp: not a message": [
    ...["openpgp", "VALIDATION_FAILED", () => readMessage({ armoredMessage: "x" })],
  ],
  "arktype: a wrong type": [
    ...["arktype", "VALIDATION_FAILED", () => type({ id: "number" }).assert({ id: "x" })],
  ],
  "typebox: a wrong type": [
    ...["@sinclair/typebox", "VALIDATION_FAILED", () => Value.Parse(OrderType, { id: "x" })],
  ],
};
