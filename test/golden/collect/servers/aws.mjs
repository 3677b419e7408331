// AWS services that refuse each call. For DynamoDB the table name is the error, for S3 the object key, for SQS the queue's
// name.

import { createServer } from "node:http";
import { listen } from "./tcp.mjs";

/** Status and message, as in the documentation of the services. */
const ERRORS = {
  AccessDenied: [403, "Access Denied"],
  AccessDeniedException: [400, "User is not authorized to perform: dynamodb:GetItem"],
  ConditionalCheckFailedException: [400, "The conditional request failed"],
  ExpiredTokenException: [400, "The security token included in the request is expired"],
  InternalError: [500, "We encountered an internal error. Please try again."],
  InternalServerError: [500, "Internal server error"],
  InvalidClientTokenId: [403, "The security token included in the request is invalid."],
  InvalidMessageContents: [400, "The message contains characters outside the allowed set."],
  KmsThrottled: [400, "The request was denied due to request throttling."],
  NoSuchBucket: [404, "The specified bucket does not exist"],
  NoSuchKey: [404, "The specified key does not exist."],
  ProvisionedThroughputExceededException: [
    400,
    "The level of configured provisioned throughput for the table was exceeded.",
  ],
  QueueDoesNotExist: [400, "The specified queue does not exist."],
  RequestLimitExceeded: [400, "Throughput exceeds the current throughput limit for your account."],
  RequestThrottled: [403, "The request was denied due to request throttling."],
  RequestTimeTooSkewed: [
    403,
    "The difference between the request time and the current time is too large.",
  ],
  RequestTimeout: [
    400,
    "Your socket connection to the server was not read from or written to within the timeout period.",
  ],
  ResourceNotFoundException: [400, "Requested resource not found"],
  SignatureDoesNotMatch: [
    403,
    "The request signature we calculated does not match the signature you provided.",
  ],
  SlowDown: [503, "Please reduce your request rate."],
  ThrottlingException: [400, "Rate exceeded"],
  UnrecognizedClientException: [400, "The security token included in the request is invalid."],
  ValidationException: [400, "One or more parameter values were invalid"],
};

export function aws() {
  return listen(
    createServer(async (req, res) => {
      let body = "";
      for await (const chunk of req) body += chunk;
      if (req.headers["x-amz-target"] !== undefined) {
        const { TableName, QueueUrl } = JSON.parse(body);
        const name = TableName ?? QueueUrl.split("/").at(-1);
        const [status, message] = ERRORS[name];
        const service = QueueUrl === undefined ? "dynamodb.v20120810" : "sqs";
        const type = `com.amazonaws.${service}#${name}`;
        res.writeHead(status, { "content-type": "application/x-amz-json-1.0" });
        res.end(JSON.stringify({ __type: type, message, Message: message }));
        return;
      }
      const name = req.url.split("?")[0].split("/").at(-1);
      const [status, message] = ERRORS[name];
      res.writeHead(status, { "content-type": "application/xml", "x-amz-request-id": "0" });
      res.end(
        `<?xml version="1.0"?><Error><Code>${name}</Code><Message>${message}</Message></Error>`,
      );
    }),
  );
}
