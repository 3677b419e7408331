// Services with an API over HTTP that refuse each call. `fail_NAME` in the URL, the body or the user name chooses the error.

import { createServer } from "node:http";
import { listen } from "./tcp.mjs";

const json = (status, body) => [
  status,
  { "content-type": "application/json" },
  JSON.stringify(body),
];
const stripe = (status, type, message, more = {}) =>
  json(status, { error: { type, message, ...more } });
const openai = (status, code, message) =>
  json(status, { error: { message, type: "invalid_request_error", param: null, code } });
const google = (status, reason, message) =>
  json(status, {
    error: { code: status, message, errors: [{ message, domain: "global", reason }] },
  });
const azure = (status, code, message) => [
  status,
  { "content-type": "application/xml", "x-ms-error-code": code },
  `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`,
];
const clickhouse = (status, code, message) => [
  status,
  { "content-type": "text/plain", "x-clickhouse-exception-code": String(code) },
  `Code: ${code}. DB::Exception: ${message}`,
];

/** Statuses and texts as in the documentation of the services. */
const ERRORS = {
  stripe_card: stripe(402, "card_error", "Your card has insufficient funds.", {
    code: "card_declined",
    decline_code: "insufficient_funds",
  }),
  stripe_down: stripe(500, "api_error", "An unknown error occurred"),
  stripe_integer: stripe(400, "invalid_request_error", "Invalid integer: ten", {
    code: "parameter_invalid_integer",
    param: "amount",
  }),
  stripe_key: stripe(401, "invalid_request_error", "Invalid API Key provided: sk_test_****"),
  stripe_rate: stripe(429, "invalid_request_error", "Request rate limit exceeded.", {
    code: "rate_limit",
  }),
  openai_busy: openai(503, null, "The engine is currently overloaded, please try again later."),
  openai_context: openai(
    400,
    "context_length_exceeded",
    "This model's maximum context length is 8192 tokens.",
  ),
  openai_key: openai(401, "invalid_api_key", "Incorrect API key provided: sk-****."),
  openai_quota: openai(
    429,
    "insufficient_quota",
    "You exceeded your current quota, please check your plan and billing details.",
  ),
  google_access: google(
    403,
    "forbidden",
    "app@shop.iam.gserviceaccount.com does not have storage.objects.get access to the Google Cloud Storage object.",
  ),
  google_backend: google(
    503,
    "backendError",
    "We encountered an internal error. Please try again.",
  ),
  google_missing: google(404, "notFound", "The specified bucket does not exist."),
  google_rate: google(
    429,
    "rateLimitExceeded",
    "The object shop/orders exceeded the rate limit for object mutation operations.",
  ),
  azure_access: azure(
    403,
    "AuthenticationFailed",
    "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly including the signature.",
  ),
  azure_busy: azure(503, "ServerBusy", "Operations per second is over the account limit."),
  azure_missing: azure(404, "QueueNotFound", "The specified queue does not exist."),
  azure_timeout: azure(
    500,
    "OperationTimedOut",
    "The operation could not be completed within the permitted time.",
  ),
  azure_value: azure(
    400,
    "OutOfRangeQueryParameterValue",
    "One of the query parameters specified in the request URI is outside the permissible range.",
  ),
  clickhouse_login: clickhouse(
    403,
    516,
    "app: Authentication failed: password is incorrect, or there is no user with such name. (AUTHENTICATION_FAILED)",
  ),
  clickhouse_memory: clickhouse(
    500,
    241,
    "Memory limit (total) exceeded: would use 9.32 GiB, maximum: 9.31 GiB. (MEMORY_LIMIT_EXCEEDED)",
  ),
  clickhouse_table: clickhouse(404, 60, "Table shop.orders does not exist. (UNKNOWN_TABLE)"),
};

export function api() {
  return listen(
    createServer(async (req, res) => {
      let body = "";
      for await (const chunk of req) body += chunk;
      const login = Buffer.from(req.headers.authorization?.split(" ")[1] ?? "", "base64");
      const name = /fail_([a-z]+_[a-z]+)/.exec(`${req.url} ${body} ${login}`)?.[1];
      const [status, headers, text] = ERRORS[name] ?? json(200, {});
      res.writeHead(status, headers).end(text);
    }),
  );
}
