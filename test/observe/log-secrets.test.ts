import { describe, expect, test } from "vitest";
import { hideSecrets } from "../../src/observe/log-secrets.ts";
import { cpuCostMs } from "../support/cpu-cost.ts";

const JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJodW50ZXIyIn0.hunter2_c2ln";

describe("hidden", () => {
  test.each([
    ["Authorization: Basic hunter2==", "Authorization: Basic [hidden]"],
    ["authorization=Bearer hunter2 was sent", "authorization=Bearer [hidden] was sent"],
    ['Proxy-Authorization: Digest user="a", hash="hunter2"', "Proxy-Authorization: [hidden]"],
    ['{"authorization":"Basic hunter2","n":1}', '{"authorization":"Basic [hidden]","n":1}'],
    ["Set-Cookie: sid=hunter2; Path=/hunter2\nnext", "Set-Cookie: [hidden]\nnext"],
    ["Cookie: a=1; b=hunter2", "Cookie: [hidden]"],
    ["{'cookie': 'sid=hunter2; b=hunter2', n: 1}", "{'cookie': '[hidden]', n: 1}"],
    ["Cookie: token hunter2", "Cookie: [hidden]"],
    ["bearer: hunter2", "bearer: [hidden]"],
    ["sent Basic aHVudGVyMjpodW50ZXIy", "sent Basic [hidden]"],
    ["got a bearer hunter2-hunter2-hunter2==", "got a bearer [hidden]"],
    ["https://h/a?api_key=hunter2&n=1", "https://h/a?api_key=[hidden]&n=1"],
    ["https://h/a?n=1&sv=2&sig=hunter2%2F%3D", "https://h/a?n=1&sv=2&sig=[hidden]"],
    ["X-Amz-Signature=hunter2&n=1", "X-Amz-Signature=[hidden]&n=1"],
    ["apikey: hunter2", "apikey: [hidden]"],
    ["x-api-key: hunter2", "x-api-key: [hidden]"],
    ["AccountName=a;AccountKey=hunter2==;Suffix=b", "AccountName=a;AccountKey=[hidden]"],
    ['{"password":"hunter2","n":1}', '{"password":"[hidden]","n":1}'],
    ['{"password" : "a\\"hunter2", "n":1}', '{"password" : "[hidden]", "n":1}'],
    [
      '"{\\"client_secret\\":\\"hunter2\\",\\"n\\":1}"',
      '"{\\"client_secret\\":\\"[hidden]\\",\\"n\\":1}"',
    ],
    ["{ redisPassword: 'hunter2', n: 1 }", "{ redisPassword: '[hidden]', n: 1 }"],
    ['password="hunter2 cut', 'password="[hidden]'],
    ["tokens=hunter2 n=1", "tokens=[hidden] n=1"],
    ['{"credentials":"hunter2"}', '{"credentials":"[hidden]"}'],
    ["token: Bearer hunter2", "token: [hidden]"],
    ["pwd=hunter2 n=1", "pwd=[hidden] n=1"],
    ["redis://u:hunter2@h:1/0", "redis://[hidden]@h:1/0"],
    ["redis://:hun@ter2@h and redis://h", "redis://[hidden]@h and redis://h"],
    ["redis://u:hun/ter2@h/0", "redis://[hidden]@h/0"],
    ["redis://u:hun/t@er2/@h/0", "redis://[hidden]@h/0"],
    ["redis://u:hun ter2@h failed", "redis://[hidden]@h failed"],
    ["https://hunter2@h", "https://[hidden]@h"],
    [`${JWT} is expired`, "[hidden] is expired"],
    [`dlq_${"hunter2".repeat(6)}h is unknown`, "[hidden] is unknown"],
    [
      "-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----",
      "[hidden]-----END RSA PRIVATE KEY-----",
    ],
    ["passcode=hunter2 n=1", "passcode=[hidden] n=1"],
    ["session_id=hunter2&n=1", "session_id=[hidden]&n=1"],
    ["https://h/a?auth=hunter2&n=1", "https://h/a?auth=[hidden]&n=1"],
    ["ran psql --db-password hunter2 -h h", "ran psql --db-password [hidden] -h h"],
    ["ran curl -u user:hunter2 h", "ran curl -u user:[hidden] h"],
    [`ghp_${"hunter2".repeat(5)}h was refused`, "[hidden] was refused"],
    [`sk-proj-${"hunter2".repeat(6)} was refused`, "[hidden] was refused"],
    ["cut: -----BEGIN PRIVATE KEY-----\nhunter2", "cut: [hidden]"],
  ])("%s", (text, shown) => {
    expect(hideSecrets(text)).toBe(shown);
    expect(hideSecrets(shown)).toBe(shown);
    expect(shown).not.toContain("hunter2");
  });
});

describe("shown", () => {
  test.each([
    ["see https://h/a@b"],
    ["http://h:4873/@scope/name"],
    ["redis://h:6379 failed for a@b"],
    ["redis://[::1]:6379 failed for a@b"],
    ["see http://x: write to a@b"],
    ["send a bearer token"],
    ["basic authentication failed"],
    ["no valid token"],
    ["tokenCount=7 payloadBytes=9 design=round key=orders"],
    ["the password is too short"],
    ["listening without credentials: every client can connect; give tokens: one for each caller"],
    ["authorization failed, and the cookie is missing"],
    ["-----BEGIN CERTIFICATE-----\nMIIB"],
    ["give --token or --password, and --secret."],
    ["auth: wrong, see oauth=2"],
    ["run it with -u root: nothing else"],
    ["dlq_store_duration_seconds_of_all_scripts_and_calls"],
    ["keys: 3; ordering key: a"],
  ])("%s", (text) => {
    expect(hideSecrets(text)).toBe(text);
  });
});

/** Each part is the start of a secret, without its end. */
const PARTS = [
  [
    "a",
    "://",
    "://a:",
    "://a:b",
    "a://a:b@",
    'password:"',
    "password:'",
    'password:\\"',
    "password ",
  ],
  [
    "password:",
    "token=",
    "eyJ",
    "eyJ-",
    "eyJa.eyJa-",
    "-----BEGIN PRIVATE KEY-----",
    "-----BEGIN ",
  ],
  [
    "bearer ",
    "authorization: ",
    "authorization: digest ",
    "cookie:",
    'cookie:"',
    "dlq_",
    "sig=",
    "\\",
  ],
  ["--password ", "--a-", " -u a", "ghp_", "sk-a", "auth="],
  ["password\\\\\\\\", 'password:"\\', "basic ", "-", " ", "@"],
].flat();

test.each(PARTS)("256 KiB of %j cost no more than their length", (part) => {
  const text = part.repeat(Math.ceil((256 * 1024) / part.length));
  expect(cpuCostMs(() => hideSecrets(text))).toBeLessThan(150);
  expect(cpuCostMs(() => hideSecrets(`password="${text}`))).toBeLessThan(150);
});
