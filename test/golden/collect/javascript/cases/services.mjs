// Kafka and AWS: name -> [library, expected reason, how to cause it].

import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { Kafka, logLevel } from "kafkajs";
import { PORTS, url } from "../ports.mjs";
import { all } from "./all.mjs";

const DYNAMO = "@aws-sdk/client-dynamodb";
const S3 = "@aws-sdk/client-s3";

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

export const services = {
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
