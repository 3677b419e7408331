// Answers of hosted services and of databases with an API over HTTP: search, chat, mail, payment, storage. They refuse each call
// with the texts of the real services; api.mjs sends them.

const json = (status, body) => [
  status,
  { "content-type": "application/json" },
  JSON.stringify(body),
];
const text = (status, body) => [status, { "content-type": "text/plain" }, body];

const airtable = (status, type, message) => json(status, { error: { type, message } });
const algolia = (status, message) => json(status, { message, status });
const arango = (code, errorNum, errorMessage) =>
  json(code, { error: true, code, errorNum, errorMessage });
const cosmos = (status, code, message) => json(status, { code, message });
const couch = (status, error, reason) => json(status, { error, reason });
const discord = (status, code, message, more = {}) => json(status, { message, code, ...more });
const docker = (status, message) => json(status, { message });
const genai = (code, status, message, more = {}) =>
  json(code, { error: { code, message, status, ...more } });
const influx = (status, code, message) => json(status, { code, message });
const jira = (status, errorMessages, errors = {}) => json(status, { errorMessages, errors });
const meili = (status, code, type, message) =>
  json(status, { message, code, type, link: `https://docs.meilisearch.com/errors#${code}` });
const mollie = (status, title, detail, more = {}) =>
  json(status, { status, title, detail, ...more });
const notion = (status, code, message) => json(status, { object: "error", status, code, message });
const postgrest = (status, code, message, details = null) =>
  json(status, { code, details, hint: null, message });
const postmark = (status, ErrorCode, Message) => json(status, { ErrorCode, Message });
const razorpay = (status, code, description, more = {}) =>
  json(status, { error: { code, description, source: "NA", step: "NA", reason: "NA", ...more } });
const resend = (statusCode, name, message) => json(statusCode, { statusCode, name, message });
const salesforce = (status, errorCode, message) => json(status, [{ message, errorCode }]);
const telegram = (error_code, description, more = {}) =>
  json(error_code, { ok: false, error_code, description, ...more });
const trpc = (httpStatus, code, number, message) =>
  json(httpStatus, {
    error: { message, code: number, data: { code, httpStatus, path: "order" } },
  });

/** Statuses and texts as in the documentation of the services. */
export const HOSTED = {
  airtable_login: airtable(401, "AUTHENTICATION_REQUIRED", "Authentication required"),
  airtable_value: airtable(
    422,
    "INVALID_VALUE_FOR_COLUMN",
    'Field "Total" cannot accept the provided value',
  ),
  algolia_index: algolia(404, "Index orders does not exist"),
  algolia_key: algolia(403, "Invalid Application-ID or API key"),
  algolia_large: algolia(
    400,
    "Record at the position 0 objectID=17 is too big size=12480/10000 bytes. Please have a look at https://www.algolia.com/doc/guides/sending-and-managing-data/prepare-your-data/in-depth/index-and-records-size-and-usage-limitations/#record-size-limits",
  ),
  arango_collection: arango(404, 1203, "AQL: collection or view not found: orders (while parsing)"),
  arango_conflict: arango(409, 1200, "AQL: write-write conflict (while executing)"),
  arango_login: arango(401, 11, "not authorized to execute this request"),
  arango_memory: arango(500, 32, "AQL: query would use more memory than allowed (while executing)"),
  arango_unique: arango(
    409,
    1210,
    "unique constraint violated - in index primary of type primary over '_key'; conflicting key: 17",
  ),
  cosmos_key: cosmos(
    401,
    "Unauthorized",
    "The input authorization token can't serve the request. Please check that the expected payload is built as per the protocol, and check the key being used.",
  ),
  couch_conflict: couch(409, "conflict", "Document update conflict."),
  couch_large: couch(413, "document_too_large", "17"),
  couch_login: couch(401, "unauthorized", "Name or password is incorrect."),
  couch_missing: couch(404, "not_found", "missing"),
  discord_access: discord(403, 50013, "Missing Permissions"),
  discord_body: discord(400, 50035, "Invalid Form Body", {
    errors: {
      content: {
        _errors: [{ code: "BASE_TYPE_MAX_LENGTH", message: "Must be 2000 or fewer in length." }],
      },
    },
  }),
  discord_channel: discord(404, 10003, "Unknown Channel"),
  discord_full: discord(400, 30013, "Maximum number of guild channels reached (500)"),
  docker_conflict: docker(
    409,
    'Conflict. The container name "/orders" is already in use by container "4c01db0b339c". You have to remove (or rename) that container to be able to reuse that name.',
  ),
  docker_disk: docker(500, "write /var/lib/docker/tmp/GetImageBlob1: no space left on device"),
  docker_missing: docker(404, "No such container: orders"),
  docker_rate: docker(
    500,
    "toomanyrequests: You have reached your pull rate limit. You may increase the limit by authenticating and upgrading: https://www.docker.com/increase-rate-limit",
  ),
  genai_busy: genai(503, "UNAVAILABLE", "The model is overloaded. Please try again later."),
  genai_key: genai(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", {
    details: [
      {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        reason: "API_KEY_INVALID",
        domain: "googleapis.com",
      },
    ],
  }),
  genai_late: genai(504, "DEADLINE_EXCEEDED", "Deadline expired before operation could complete."),
  genai_long: genai(
    400,
    "INVALID_ARGUMENT",
    "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
  ),
  genai_quota: genai(
    429,
    "RESOURCE_EXHAUSTED",
    "You exceeded your current quota, please check your plan and billing details.",
  ),
  gitlab_access: json(403, { message: "403 Forbidden" }),
  gitlab_login: json(401, { message: "401 Unauthorized" }),
  gitlab_missing: json(404, { message: "404 Project Not Found" }),
  gitlab_rate: text(429, "Retry later\n"),
  gitlab_value: json(400, { message: { title: ["can't be blank"] } }),
  influx_bucket: influx(404, "not found", 'bucket "shop" not found'),
  influx_login: influx(401, "unauthorized", "unauthorized access"),
  influx_rate: influx(429, "too many requests", "org 0 has exceeded limited_write plan limit"),
  influx_type: influx(
    422,
    "unprocessable entity",
    'failure writing points to database: partial write: field type conflict: input field "total" on measurement "orders" is type integer, already exists as type float dropped=1',
  ),
  jira_field: jira(400, [], { summary: "You must specify a summary of the issue." }),
  jira_login: jira(401, [
    "You are not authenticated. Authentication required to perform this operation.",
  ]),
  jira_missing: jira(404, ["Issue does not exist or you do not have permission to see it."]),
  meili_busy: meili(
    503,
    "too_many_search_requests",
    "system",
    "Too many search requests running at the same time: 1000. Retry after 10s.",
  ),
  meili_index: meili(404, "index_not_found", "invalid_request", "Index `orders` not found."),
  meili_key: meili(403, "invalid_api_key", "auth", "The provided API key is invalid."),
  meili_value: meili(
    400,
    "invalid_search_limit",
    "invalid_request",
    'Invalid value type at `.limit`: expected a positive integer, but found a string: `"ten"`',
  ),
  mollie_amount: mollie(422, "Unprocessable Entity", "The amount is higher than the maximum", {
    field: "amount",
  }),
  mollie_down: mollie(
    503,
    "Service Unavailable",
    "The payment platform is temporarily unavailable",
  ),
  mollie_key: mollie(
    401,
    "Unauthorized Request",
    "Missing authentication, or failed to authenticate",
  ),
  notion_access: notion(403, "restricted_resource", "Insufficient permissions for this endpoint."),
  notion_conflict: notion(
    409,
    "conflict_error",
    "Conflict occurred while saving. Please try again.",
  ),
  notion_down: notion(503, "service_unavailable", "Notion is unavailable. Please try again later."),
  notion_rate: notion(
    429,
    "rate_limited",
    "You have been rate limited. Please try again in a few minutes.",
  ),
  notion_value: notion(
    400,
    "validation_error",
    'body failed validation: body.parent.page_id should be a valid uuid, instead was `"17"`.',
  ),
  ollama_busy: json(503, {
    error: "server busy, please try again.  maximum pending requests exceeded",
  }),
  ollama_memory: json(500, {
    error: "model requires more system memory (9.6 GiB) than is available (7.4 GiB)",
  }),
  ollama_model: json(404, { error: "model 'llama3' not found" }),
  postgrest_jwt: postgrest(401, "PGRST301", "JWT expired"),
  postgrest_pool: postgrest(
    504,
    "PGRST003",
    "Timed out acquiring connection from connection pool.",
  ),
  postgrest_policy: postgrest(
    403,
    "42501",
    'new row violates row-level security policy for table "orders"',
  ),
  postgrest_row: postgrest(
    406,
    "PGRST116",
    "Cannot coerce the result to a single JSON object",
    "The result contains 0 rows",
  ),
  postgrest_table: postgrest(
    404,
    "PGRST205",
    "Could not find the table 'public.orders' in the schema cache",
  ),
  postgrest_twice: postgrest(
    409,
    "23505",
    'duplicate key value violates unique constraint "orders_pkey"',
    "Key (id)=(17) already exists.",
  ),
  postmark_address: postmark(422, 300, "Invalid 'To' address: 'x'."),
  postmark_credits: postmark(422, 405, "You've run out of credits."),
  postmark_down: postmark(503, 100, "Maintenance"),
  postmark_token: postmark(401, 10, "Request does not contain a valid Server token."),
  razorpay_amount: razorpay(400, "BAD_REQUEST_ERROR", "The amount must be at least INR 1.00", {
    field: "amount",
  }),
  razorpay_gateway: razorpay(
    502,
    "GATEWAY_ERROR",
    "Payment processing failed due to error at bank or wallet gateway",
  ),
  razorpay_key: razorpay(401, "BAD_REQUEST_ERROR", "Authentication failed"),
  resend_from: resend(
    422,
    "validation_error",
    "Invalid `from` field. The email address needs to follow the `email@example.com` or `Name <email@example.com>` format.",
  ),
  resend_key: resend(403, "invalid_api_key", "API key is invalid"),
  resend_quota: resend(
    429,
    "daily_quota_exceeded",
    "You have reached your daily email sending quota.",
  ),
  salesforce_field: salesforce(
    400,
    "REQUIRED_FIELD_MISSING",
    "Required fields are missing: [Name]",
  ),
  salesforce_late: salesforce(400, "QUERY_TIMEOUT", "Your query request was running for too long."),
  salesforce_lock: salesforce(
    400,
    "UNABLE_TO_LOCK_ROW",
    "unable to obtain exclusive access to this record or 1 records: 0018000000FIPjK",
  ),
  salesforce_query: salesforce(400, "MALFORMED_QUERY", "unexpected token: SELCT"),
  salesforce_rate: salesforce(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
  salesforce_session: salesforce(401, "INVALID_SESSION_ID", "Session expired or invalid"),
  telegram_blocked: telegram(403, "Forbidden: bot was blocked by the user"),
  telegram_conflict: telegram(
    409,
    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
  ),
  telegram_down: telegram(502, "Bad Gateway"),
  telegram_long: telegram(400, "Bad Request: message is too long"),
  telegram_rate: telegram(429, "Too Many Requests: retry after 5", {
    parameters: { retry_after: 5 },
  }),
  telegram_token: telegram(401, "Unauthorized"),
  trpc_input: trpc(400, "BAD_REQUEST", -32600, "order_id is required"),
  trpc_login: trpc(401, "UNAUTHORIZED", -32001, "UNAUTHORIZED"),
  trpc_rate: trpc(429, "TOO_MANY_REQUESTS", -32029, "TOO_MANY_REQUESTS"),
  typesense_disk: json(422, {
    message: "Rejecting write: running out of resource type: OUT_OF_DISK",
  }),
  typesense_key: json(401, {
    message: "Forbidden - a valid `x-typesense-api-key` header must be sent.",
  }),
  typesense_lag: json(503, { message: "Not Ready or Lagging" }),
  typesense_value: json(400, { message: "Field `price` must be a float." }),
  upstash_limit: json(400, {
    error:
      "ERR max requests limit exceeded. Limit: 500000, Usage: 500000. See https://upstash.com/docs/redis/troubleshooting/max_requests_limit for details",
  }),
  upstash_token: json(401, {
    error:
      "WRONGPASS invalid or missing auth token. See https://upstash.com/docs/redis/troubleshooting/wrong_pass for details",
  }),
};
