// AWS services that refuse each call. The error is the table name for DynamoDB, the object key for S3, the name of the queue,
// secret, topic, function, client or state machine for the others.

import { createServer } from "node:http";
import { listen } from "./tcp.mjs";

/** Status and message, as in the documentation of the services. */
const ERRORS = {
  AccessDenied: [403, "Access Denied"],
  AccessDeniedException: [400, "User is not authorized to perform: dynamodb:GetItem"],
  AuthorizationError: [
    403,
    "User: arn:aws:iam::1:user/app is not authorized to perform: SNS:Publish on resource: arn:aws:sns:eu-central-1:1:orders",
  ],
  CodeMismatchException: [400, "Invalid verification code provided, please try again."],
  ConditionalCheckFailedException: [400, "The conditional request failed"],
  DecryptionFailure: [
    400,
    "Secrets Manager can't decrypt the protected secret text using the provided KMS key.",
  ],
  EC2ThrottledException: [
    502,
    "Lambda was throttled by Amazon EC2 during function initialization using the execution role.",
  ],
  EndpointDisabled: [400, "Endpoint is disabled"],
  ExecutionAlreadyExists: [
    400,
    "Execution Already Exists: 'arn:aws:states:eu-central-1:1:execution:orders:17'",
  ],
  ExecutionLimitExceeded: [400, "The maximum number of running executions has been reached."],
  ExpiredTokenException: [400, "The security token included in the request is expired"],
  InternalError: [500, "We encountered an internal error. Please try again."],
  InternalServerError: [500, "Internal server error"],
  InternalServiceError: [500, "An error occurred on the server side."],
  InvalidClientTokenId: [403, "The security token included in the request is invalid."],
  InvalidExecutionInput: [
    400,
    "Invalid State Machine Execution Input: 'Unexpected end-of-input: expected close marker for Object'",
  ],
  InvalidMessageContents: [400, "The message contains characters outside the allowed set."],
  InvalidParameter: [400, "Invalid parameter: Message too long"],
  InvalidPasswordException: [400, "Password did not conform with policy: Password not long enough"],
  InvalidRequestContentException: [
    400,
    "Could not parse request body into json: Unexpected character ('<' (code 60))",
  ],
  KmsThrottled: [400, "The request was denied due to request throttling."],
  LimitExceededException: [400, "Attempt limit exceeded, please try after some time."],
  NoSuchBucket: [404, "The specified bucket does not exist"],
  NoSuchKey: [404, "The specified key does not exist."],
  NotAuthorizedException: [400, "Incorrect username or password."],
  ProvisionedThroughputExceededException: [
    400,
    "The level of configured provisioned throughput for the table was exceeded.",
  ],
  QueueDoesNotExist: [400, "The specified queue does not exist."],
  RequestLimitExceeded: [400, "Throughput exceeds the current throughput limit for your account."],
  RequestThrottled: [403, "The request was denied due to request throttling."],
  RequestTooLargeException: [
    413,
    "Request must be smaller than 6291456 bytes for the InvokeFunction operation",
  ],
  RequestTimeTooSkewed: [
    403,
    "The difference between the request time and the current time is too large.",
  ],
  RequestTimeout: [
    400,
    "Your socket connection to the server was not read from or written to within the timeout period.",
  ],
  ResourceNotFoundException: [400, "Requested resource not found"],
  ServiceException: [500, "The Lambda service encountered an internal error."],
  SignatureDoesNotMatch: [
    403,
    "The request signature we calculated does not match the signature you provided.",
  ],
  SlowDown: [503, "Please reduce your request rate."],
  Throttled: [429, "Rate exceeded"],
  ThrottlingException: [400, "Rate exceeded"],
  TooManyRequestsException: [429, "Rate Exceeded."],
  UnrecognizedClientException: [400, "The security token included in the request is invalid."],
  ValidationException: [400, "One or more parameter values were invalid"],
};

export function aws() {
  return listen(
    createServer(async (req, res) => {
      let body = "";
      for await (const chunk of req) body += chunk;
      const target = req.headers["x-amz-target"];
      if (target !== undefined) {
        const fields = JSON.parse(body);
        const { TableName, SecretId, ClientId, stateMachineArn } = fields;
        const named = TableName ?? SecretId ?? ClientId ?? stateMachineArn;
        const name = named ?? fields.QueueUrl.split("/").at(-1);
        const [status, message] = ERRORS[name];
        const [service] = target.toLowerCase().split(/[_.]/);
        const type = `com.amazonaws.${service === "dynamodb" ? "dynamodb.v20120810" : service}#${name}`;
        res.writeHead(status, { "content-type": "application/x-amz-json-1.0" });
        res.end(JSON.stringify({ __type: type, message, Message: message }));
        return;
      }
      const called = /functions\/(\w+)/.exec(req.url)?.[1];
      if (called !== undefined) {
        const [status, Message] = ERRORS[called];
        const headers = { "content-type": "application/json", "x-amzn-errortype": called };
        res.writeHead(status, headers).end(JSON.stringify({ Type: "User", Message }));
        return;
      }
      const topic = new URLSearchParams(body).get("TopicArn")?.split(":").at(-1);
      if (topic !== undefined) {
        const [status, message] = ERRORS[topic];
        res.writeHead(status, { "content-type": "text/xml" });
        res.end(
          `<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type><Code>${topic}</Code><Message>${message}</Message></Error><RequestId>0</RequestId></ErrorResponse>`,
        );
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
