// Services with an API over HTTP that refuse each call. `fail_NAME` in the URL, the body or the user name chooses the error.

import { createServer } from "node:http";
import { HOSTED } from "./hosted.mjs";
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

const twilio = (status, code, message) =>
  json(status, { code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status });
const sendgrid = (status, message, field = null) =>
  json(status, { errors: [{ message, field, help: null }] });
const github = (status, message, more = {}) =>
  json(status, { message, documentation_url: "https://docs.github.com/rest", ...more });
const anthropic = (status, type, message) =>
  json(status, { type: "error", error: { type, message } });
const elastic = (status, type, reason) => [
  status,
  { "content-type": "application/json", "x-elastic-product": "Elasticsearch" },
  JSON.stringify({ error: { root_cause: [{ type, reason }], type, reason }, status }),
];
const kubernetes = (code, reason, message) =>
  json(code, {
    ...{ kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, reason, code },
  });
const graphql = (message, code) =>
  json(200, { data: null, errors: [{ message, type: code, extensions: { code } }] });
const slack = (error) => json(200, { ok: false, error });
const soap = (code, text) => [
  500,
  { "content-type": "text/xml" },
  `<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><soap:Fault><faultcode>soap:${code}</faultcode><faultstring>${text}</faultstring></soap:Fault></soap:Body></soap:Envelope>`,
];
const influx = (status, code, message) => json(status, { code, message });
const docker = (status, message) => json(status, { message });
const maps = (status, message) => json(200, { error_message: message, results: [], status });
const auth0 = (statusCode, error, message, errorCode) =>
  json(statusCode, { statusCode, error, message, errorCode });
const text = (status, body) => [status, { "content-type": "text/plain" }, body];

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
  twilio_number: twilio(400, 21211, "Invalid 'To' Phone Number: 12345"),
  twilio_login: twilio(401, 20003, "Authenticate"),
  twilio_rate: twilio(429, 20429, "Too Many Requests"),
  sendgrid_key: sendgrid(401, "The provided authorization grant is invalid, expired, or revoked"),
  sendgrid_address: sendgrid(400, "Does not contain a valid address.", "from.email"),
  sendgrid_rate: sendgrid(429, "too many requests"),
  github_login: github(401, "Bad credentials"),
  github_access: github(403, "Resource not accessible by integration"),
  github_missing: github(404, "Not Found"),
  github_value: github(422, "Validation Failed", {
    errors: [{ resource: "Issue", field: "title", code: "missing_field" }],
  }),
  github_down: github(502, "Server Error"),
  github_rate: [
    403,
    {
      "content-type": "application/json",
      ...{
        "x-ratelimit-limit": "60",
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": "4102444800",
      },
    },
    JSON.stringify({ message: "API rate limit exceeded for user ID 1." }),
  ],
  anthropic_rate: anthropic(
    429,
    "rate_limit_error",
    "This request would exceed your account's rate limit. Please try again later.",
  ),
  anthropic_busy: anthropic(529, "overloaded_error", "Overloaded"),
  anthropic_key: anthropic(401, "authentication_error", "invalid x-api-key"),
  anthropic_long: anthropic(
    400,
    "invalid_request_error",
    "prompt is too long: 208310 tokens > 200000 maximum",
  ),
  anthropic_down: anthropic(500, "api_error", "Internal server error"),
  azure_container: azure(404, "ContainerNotFound", "The specified container does not exist."),
  azure_role: azure(
    403,
    "AuthorizationPermissionMismatch",
    "This request is not authorized to perform this operation using this permission.",
  ),
  azure_large: azure(
    413,
    "RequestBodyTooLarge",
    "The request body is too large and exceeds the maximum permissible limit.",
  ),
  elastic_index: elastic(404, "index_not_found_exception", "no such index [orders]"),
  elastic_mapping: elastic(
    400,
    "document_parsing_exception",
    "[1:11] failed to parse field [id] of type [long] in document with id '17'",
  ),
  elastic_full: elastic(
    429,
    "es_rejected_execution_exception",
    "rejected execution of coordinating operation [coordinating_and_primary_bytes=0, replica_bytes=0, all_bytes=0, coordinating_operation_bytes=108, max_coordinating_and_primary_bytes=107]",
  ),
  elastic_login: elastic(
    401,
    "security_exception",
    "unable to authenticate user [app] for REST request [/orders/_doc]",
  ),
  elastic_shards: elastic(503, "search_phase_execution_exception", "all shards failed"),
  elastic_conflict: elastic(
    409,
    "version_conflict_engine_exception",
    "[17]: version conflict, required seqNo [3], primary term [1]. current document has seqNo [4] and primary term [1]",
  ),
  kubernetes_missing: kubernetes(404, "NotFound", 'pods "orders" not found'),
  kubernetes_access: kubernetes(
    403,
    "Forbidden",
    'pods "orders" is forbidden: User "app" cannot get resource "pods" in API group "" in the namespace "shop"',
  ),
  kubernetes_rate: kubernetes(
    429,
    "TooManyRequests",
    "The server has received too many requests and has asked us to try again later",
  ),
  kubernetes_value: kubernetes(
    422,
    "Invalid",
    'Pod "orders" is invalid: spec.containers: Required value',
  ),
  graphql_field: graphql(
    'Cannot query field "total" on type "Order".',
    "GRAPHQL_VALIDATION_FAILED",
  ),
  graphql_input: graphql(
    'Variable "$id" got invalid value "x"; Int cannot represent non-integer value: "x"',
    "BAD_USER_INPUT",
  ),
  graphql_login: graphql("You must be logged in to do this.", "UNAUTHENTICATED"),
  graphql_rate: graphql("API rate limit exceeded for user ID 1.", "RATE_LIMITED"),
  oauth_grant: json(400, {
    error: "invalid_grant",
    error_description: "Token has been expired or revoked.",
  }),
  oauth_client: json(401, {
    error: "invalid_client",
    error_description: "The OAuth client was not found.",
  }),
  slack_login: slack("invalid_auth"),
  slack_channel: slack("channel_not_found"),
  slack_long: slack("msg_too_long"),
  slack_scope: slack("missing_scope"),
  soap_server: soap("Server", "The order system is not available"),
  soap_client: soap("Client", "Order number 'x' is not a valid value for 'integer'"),
  vault_access: json(403, { errors: ["1 error occurred:\n\t* permission denied\n\n"] }),
  vault_sealed: json(503, { errors: ["Vault is sealed"] }),
  consul_access: text(
    403,
    "Permission denied: token with AccessorID '0' lacks permission 'key:write' on \"orders\"",
  ),
  consul_leader: text(500, "No cluster leader"),
  twirp_argument: json(400, { code: "invalid_argument", msg: "order_id is required" }),
  twirp_login: json(401, { code: "unauthenticated", msg: "token expired" }),
  twirp_quota: json(429, {
    code: "resource_exhausted",
    msg: "quota of 100 requests a minute is used up",
  }),
  twirp_error: json(500, { code: "internal", msg: "unexpected failure" }),
  influx_login: influx(401, "unauthorized", "unauthorized access"),
  influx_rate: influx(429, "too many requests", "org 0 has exceeded limited write plan limit"),
  influx_value: influx(
    400,
    "invalid",
    'partial write: field type conflict: input field "value" on measurement "orders" is type integer, already exists as type float dropped=1',
  ),
  docker_missing: docker(404, "No such container: orders"),
  docker_disk: docker(500, "mkdir /var/lib/docker/overlay2/orders/merged: no space left on device"),
  maps_denied: maps("REQUEST_DENIED", "The provided API key is invalid."),
  maps_limit: maps("OVER_QUERY_LIMIT", "You have exceeded your rate-limit for this API."),
  maps_request: maps(
    "INVALID_REQUEST",
    "Invalid request. Missing the 'address', 'components', 'latlng' or 'place_id' parameter.",
  ),
  authzero_rate: auth0(
    429,
    "Too Many Requests",
    "Global limit has been reached",
    "too_many_requests",
  ),
  authzero_scope: auth0(
    403,
    "Forbidden",
    "Insufficient scope, expected any of: read:users",
    "insufficient_scope",
  ),
  authzero_value: auth0(
    400,
    "Bad Request",
    "Payload validation error: 'Object didn't pass validation for format email: x' on property email (The user's email).",
    "invalid_body",
  ),
};

export function api() {
  return listen(
    createServer(async (req, res) => {
      let body = "";
      for await (const chunk of req) body += chunk;
      const login = Buffer.from(req.headers.authorization?.split(" ")[1] ?? "", "base64");
      const name = /fail_([a-z]+_[a-z]+)/.exec(`${req.url} ${body} ${login}`)?.[1];
      const [status, headers, text] = ERRORS[name] ?? HOSTED[name] ?? json(200, {});
      res.writeHead(status, headers).end(text);
    }),
  );
}
