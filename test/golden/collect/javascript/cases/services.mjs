// gRPC, Kafka and AWS: name -> [library, what an operator would say, make it happen].

import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { Client, credentials } from "@grpc/grpc-js";
import { Kafka, logLevel } from "kafkajs";
import { PORTS, url } from "../ports.mjs";

const GRPC = "@grpc/grpc-js";
const DYNAMO = "@aws-sdk/client-dynamodb";
const S3 = "@aws-sdk/client-s3";

const bytes = (value) => value;

/** @param {string | number} what path of the gRPC peer: a status, or how it fails */
function byGrpc(what, { port = PORTS.grpc, deadlineMs = 5000 } = {}) {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  const { promise, resolve, reject } = Promise.withResolvers();
  const options = { deadline: Date.now() + deadlineMs };
  client.makeUnaryRequest(
    `/golden.Fail/${what}`,
    bytes,
    bytes,
    Buffer.alloc(0),
    options,
    (error) => (error ? reject(error) : resolve()),
  );
  return promise;
}

const AWS = {
  region: "eu-central-1",
  maxAttempts: 1,
  credentials: { accessKeyId: "id", secretAccessKey: "secret" },
};

const dynamo = (error, options = { endpoint: url("aws") }) =>
  new DynamoDBClient({ ...AWS, ...options }).send(
    new GetItemCommand({ TableName: error, Key: { id: { S: "1" } } }),
  );

const s3 = (error) =>
  new S3Client({ ...AWS, endpoint: url("aws"), forcePathStyle: true }).send(
    new GetObjectCommand({ Bucket: "shop", Key: error }),
  );

const kafka = (port, options = {}) =>
  new Kafka({
    ...{ brokers: [`127.0.0.1:${port}`], logLevel: logLevel.NOTHING },
    ...{ retry: { retries: 1, initialRetryTime: 10 }, requestTimeout: 100, ...options },
  })
    .producer()
    .connect();

const all = (prefix, library, act, reasons) =>
  Object.fromEntries(
    Object.entries(reasons).map(([what, reason]) => [
      `${prefix}: ${what}`,
      [library, reason, () => act(what)],
    ]),
  );

export const services = {
  ...all("grpc-js", GRPC, byGrpc, {
    2: "UNKNOWN_ERROR",
    3: "VALIDATION_FAILED",
    7: "AUTHENTICATION_ERROR",
    8: "RESOURCE_EXHAUSTED",
    10: "UNKNOWN_ERROR",
    12: "EXECUTION_FAILED",
    13: "EXECUTION_FAILED",
    14: "NETWORK_ERROR",
    16: "AUTHENTICATION_ERROR",
  }),
  "grpc-js: refused": [GRPC, "NETWORK_ERROR", () => byGrpc(0, { port: PORTS.closed })],
  "grpc-js: too slow": [GRPC, "TIMEOUT", () => byGrpc("hang", { deadlineMs: 100 })],
  ...all("dynamodb", DYNAMO, dynamo, {
    AccessDeniedException: "AUTHENTICATION_ERROR",
    ConditionalCheckFailedException: "UNKNOWN_ERROR",
    ExpiredTokenException: "AUTHENTICATION_ERROR",
    InternalServerError: "WEBHOOK_FAILED",
    ProvisionedThroughputExceededException: "RESOURCE_EXHAUSTED",
    ResourceNotFoundException: "UNKNOWN_ERROR",
    ThrottlingException: "RESOURCE_EXHAUSTED",
    ValidationException: "VALIDATION_FAILED",
  }),
  "dynamodb: refused": [
    DYNAMO,
    "NETWORK_ERROR",
    () => dynamo("refused", { endpoint: url("closed") }),
  ],
  "dynamodb: too slow": [
    DYNAMO,
    "TIMEOUT",
    () =>
      dynamo("slow", {
        endpoint: url("silent"),
        requestHandler: { requestTimeout: 100, throwOnRequestTimeout: true },
      }),
  ],
  ...all("s3", S3, s3, {
    AccessDenied: "AUTHENTICATION_ERROR",
    NoSuchKey: "UNKNOWN_ERROR",
    SignatureDoesNotMatch: "AUTHENTICATION_ERROR",
    SlowDown: "RESOURCE_EXHAUSTED",
  }),
  "kafkajs: refused": ["kafkajs", "NETWORK_ERROR", () => kafka(PORTS.closed)],
  "kafkajs: connecting too slow": [
    "kafkajs",
    "TIMEOUT",
    () => kafka(PORTS.stalled, { connectionTimeout: 100 }),
  ],
  "kafkajs: hung up": ["kafkajs", "NETWORK_ERROR", () => kafka(PORTS.hangsUp)],
};
