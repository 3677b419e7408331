import { describe, expect, test } from "vitest";
import {
  isLoopback,
  listenAddress,
  optionalListenAddress,
  peerAddress,
} from "../../src/config/address.ts";
import { bytes } from "../../src/config/bytes.ts";
import { duration } from "../../src/config/duration.ts";
import { instant } from "../../src/config/instant.ts";
import { listOf } from "../../src/config/list.ts";
import { redisUrl, secret } from "../../src/config/secret.ts";
import { bearerTokens } from "../../src/config/token.ts";
import {
  boolean,
  choice,
  decimal,
  integer,
  type RawValue,
  text,
  type ValueType,
} from "../../src/config/value-type.ts";

interface TypeTable {
  name: string;
  type: ValueType<unknown>;
  accepts: readonly (readonly [RawValue, unknown])[];
  refuses: readonly (readonly [RawValue, RegExp])[];
}

const KIB = 1024;

const tables: readonly TypeTable[] = [
  {
    name: "instant",
    type: instant,
    accepts: [
      ["2030-01-31T06:00:00Z", Date.UTC(2030, 0, 31, 6)],
      ["2030-01-31t06:00:00.25z", Date.UTC(2030, 0, 31, 6, 0, 0, 250)],
      ["2030-01-31 07:00:00+01:00", Date.UTC(2030, 0, 31, 6)],
      ["2028-02-29T00:00:00-05:30", Date.UTC(2028, 1, 29, 5, 30)],
    ],
    refuses: [
      ["2030-01-31", /not a time/],
      ["2030-01-31T06:00:00", /not a time/],
      ["2030-02-30T06:00:00Z", /does not exist/],
      ["2029-02-29T06:00:00Z", /does not exist/],
      ["2030-13-01T06:00:00Z", /does not exist/],
      ["2030-01-31T25:00:00Z", /does not exist/],
      ["tomorrow", /not a time/],
      ["", /not a time/],
    ],
  },
  {
    name: "text",
    type: text(4),
    accepts: [
      ["", ""],
      ["éé", "éé"],
    ],
    refuses: [["ééé", /too long/]],
  },
  {
    name: "duration",
    type: duration({ max: 3650 * 86_400_000 }),
    accepts: [
      ["250ms", 250],
      ["30s", 30_000],
      ["5m", 300_000],
      ["24h", 86_400_000],
      ["7d", 7 * 86_400_000],
      ["1.5h", 5_400_000],
      ["1.1s", 1_100],
      [" 2 s ", 2_000],
      ["0", 0],
      ["0s", 0],
    ],
    refuses: [
      ["5", /has no unit/],
      ["1.5", /has no unit/],
      ["5 parsecs", /unknown unit/],
      ["5M", /unknown unit/],
      ["5constructor", /unknown unit/],
      ["-5s", /not a duration/],
      ["", /not a duration/],
      ["soon", /not a duration/],
      ["0.5ms", /finer than a millisecond/],
      ["4000d", /too long/],
      [["5s"], /is a list/],
    ],
  },
  {
    name: "duration with a range and an off",
    type: duration({ min: 1_000, max: 10_000, zero: true }),
    accepts: [
      ["0", 0],
      ["1s", 1_000],
      ["10s", 10_000],
    ],
    refuses: [
      ["999ms", /too short/],
      ["10001ms", /too long/],
    ],
  },
  {
    name: "duration with a range and no off",
    type: duration({ min: 1_000 }),
    accepts: [["1s", 1_000]],
    refuses: [
      ["0", /has no unit/],
      ["0s", /too short/],
    ],
  },
  {
    name: "bytes",
    type: bytes({ min: 1, max: 3 * KIB ** 3 }),
    accepts: [
      ["1", 1],
      ["100B", 100],
      ["64KiB", 64 * KIB],
      ["64kib", 64 * KIB],
      ["1MiB", KIB ** 2],
      ["2GB", 2_000_000_000],
      ["1.5KiB", 1_536],
      ["64KB", 64_000],
    ],
    refuses: [
      ["0", /too small/],
      ["4GiB", /too large/],
      ["1.5", /whole number of bytes/],
      ["1XB", /unknown unit/],
      ["1toString", /unknown unit/],
      ["-1", /not a size/],
      ["much", /not a size/],
    ],
  },
  {
    name: "bytes with a word for 0",
    type: bytes({ min: 16, zero: "auto" }),
    accepts: [
      ["auto", 0],
      ["0", 0],
      ["16", 16],
    ],
    refuses: [["15", /too small/]],
  },
  {
    name: "integer",
    type: integer(-2, 10),
    accepts: [
      ["0", 0],
      ["-2", -2],
      ["010", 10],
    ],
    refuses: [
      ["11", /too large/],
      ["-3", /too small/],
      ["1.0", /not a whole number/],
      ["1e1", /not a whole number/],
      ["0x1", /not a whole number/],
      ["", /not a whole number/],
      ["99999999999999999999", /too large/],
    ],
  },
  {
    name: "decimal",
    type: decimal(1, 100),
    accepts: [
      ["1", 1],
      ["2.5", 2.5],
    ],
    refuses: [
      ["0.9", /too small/],
      ["101", /too large/],
      ["NaN", /not a number/],
      ["1e2", /not a number/],
    ],
  },
  {
    name: "boolean",
    type: boolean,
    accepts: [
      ["true", true],
      ["Yes", true],
      ["on", true],
      ["1", true],
      ["false", false],
      ["no", false],
      ["OFF", false],
      ["0", false],
    ],
    refuses: [
      ["maybe", /neither true nor false/],
      ["", /neither true nor false/],
    ],
  },
  {
    name: "choice",
    type: choice(["json", "pretty"]),
    accepts: [
      ["json", "json"],
      ["Pretty", "pretty"],
    ],
    refuses: [["xml", /not a known choice/]],
  },
  {
    name: "address to listen on",
    type: listenAddress,
    accepts: [
      ["127.0.0.1:50051", { host: "127.0.0.1", port: 50_051 }],
      ["localhost:0", { host: "localhost", port: 0 }],
      ["[::1]:8080", { host: "::1", port: 8080 }],
      ["[::]:65535", { host: "::", port: 65_535 }],
    ],
    refuses: [
      ["8080", /no host/],
      [":8080", /has no host/],
      ["::1:8080", /needs brackets/],
      ["host", /not host:port/],
      ["host:65536", /invalid port/],
      ["host:http", /not host:port/],
      ["http://host:80", /is a URL/],
      ["off", /not host:port/],
    ],
  },
  {
    name: "address to listen on, or none",
    type: optionalListenAddress,
    accepts: [
      ["off", "off"],
      ["h:1", { host: "h", port: 1 }],
    ],
    refuses: [["none", /not host:port/]],
  },
  {
    name: "address to connect to",
    type: peerAddress,
    accepts: [["h:1", { host: "h", port: 1 }]],
    refuses: [["h:0", /invalid port/]],
  },
  {
    name: "list",
    type: listOf(integer(1, 9), { placeholder: "N,…", allowed: "numbers" }),
    accepts: [
      ["", []],
      ["1", [1]],
      ["3, 1,3,", [3, 1]],
      [
        ["2", "1"],
        [2, 1],
      ],
      [[], []],
    ],
    refuses: [["1,x", /number 2, "x", is not a whole number/]],
  },
  {
    name: "Redis URL",
    type: redisUrl,
    accepts: [
      ["redis://h", "redis://h"],
      ["rediss://u:p@h:6380/2", "rediss://u:p@h:6380/2"],
      ["redis://[::1]:6379", "redis://[::1]:6379"],
      ["unix:///run/redis.sock", "unix:///run/redis.sock"],
    ],
    refuses: [
      ["h:6379", /not a URL/],
      ["redis:h", /not a URL/],
      ["http://h", /scheme http/],
      ["redis://h/zero", /database number/],
      ["unix://run/redis.sock", /three slashes/],
      ["***", /placeholder/],
    ],
  },
  {
    name: "bearer tokens",
    type: bearerTokens,
    accepts: [
      [
        "0123456789abcdef,d-._~+/e-0123456==",
        [
          { name: undefined, secret: { text: "0123456789abcdef" } },
          { name: undefined, secret: { text: "d-._~+/e-0123456==" } },
        ],
      ],
      [["orders:0123456789abcdef"], [{ name: "orders", secret: { text: "0123456789abcdef" } }]],
      [`a.b:sha256:${"0f".repeat(32)}`, [{ name: "a.b", secret: { sha256: "0f".repeat(32) } }]],
    ],
    refuses: [
      ["0123456789abcdef,0123456789 abcdef", /number 2 has a character/],
      ["a:b:0123456789abcdef", /has a character/],
      ["a b:0123456789abcdef", /has a name that is not/],
      [":0123456789abcdef", /has a name that is not/],
      [`sha256:${"0f".repeat(32)}`, /has no name before the hash/],
      ["a:sha256:0f", /not 64 hexadecimal digits/],
      ["x", /number 1 is shorter than 16 characters/],
      ["name-of-some-length:short", /is shorter than 16 characters/],
      ["***", /placeholder/],
      ["orders:***", /placeholder/],
      ["a:0123456789abcdef,b:0123456789abcdef", /the same token twice, as a and b/],
      ["a:0123456789abcdef,0123456789abcdef", /twice, as a and a token without a name/],
    ],
  },
  {
    name: "secret",
    type: secret,
    accepts: [["p, w", "p, w"]],
    refuses: [["***", /placeholder/]],
  },
];

describe.each(tables)("$name", ({ type, accepts, refuses }) => {
  test.each(accepts)("%j is %j", (raw, value) => {
    expect(type.parse(raw)).toEqual({ ok: value });
  });

  test.each(accepts)("%j is printed as text that parses to the same value", (raw) => {
    const parsed = type.parse(raw);
    if ("problem" in parsed) throw new Error(parsed.problem);
    const printed = type.format(parsed.ok);
    const again = typeof printed === "object" ? printed : String(printed);
    expect(type.parse(again)).toEqual(parsed);
  });

  test.each(refuses)("%j is refused", (raw, why) => {
    expect(type.parse(raw)).toEqual({ problem: expect.stringMatching(why) });
  });
});

test("an error about a hidden item does not contain it", () => {
  expect(JSON.stringify(bearerTokens.parse("s3cr€t"))).not.toContain("s3cr");
});

test.each([
  ["127.0.0.1:1", true],
  ["127.9.9.9:1", true],
  ["localhost:1", true],
  ["[::1]:1", true],
  ["0.0.0.0:1", false],
  ["[::]:1", false],
  ["127.0.0.1.example.com:1", false],
  ["myhost:1", false],
])("%s is loopback: %s", (text, expected) => {
  const parsed = listenAddress.parse(text);
  if ("problem" in parsed) throw new Error(parsed.problem);
  expect(isLoopback(parsed.ok)).toBe(expected);
});
