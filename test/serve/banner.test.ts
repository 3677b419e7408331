import { expect, test } from "vitest";
import { banner } from "../../src/serve/banner.ts";

const FACTS = {
  grpc: "127.0.0.1:50051",
  http: "127.0.0.1:8080",
  where: "/var/lib/dlq (embedded Redis)",
  tlsCert: undefined,
  needsToken: false,
};
const calls = (text: string) => text.split("\n").filter((line) => line.includes("grpcurl"));

test("the banner has three calls, the addresses and the place of the data", () => {
  const text = banner(FACTS);
  expect(calls(text)).toHaveLength(3);
  expect(text).toContain("grpcurl -plaintext 127.0.0.1:50051 describe");
  expect(text).toContain("http://127.0.0.1:8080/metrics");
  expect(text).toContain("/var/lib/dlq");
});

test("with TLS and tokens the calls have both", () => {
  const text = banner({ ...FACTS, tlsCert: "/etc/dlq/tls.crt", needsToken: true });
  for (const call of calls(text)) {
    expect(call).toContain('-cacert /etc/dlq/tls.crt -H "authorization: Bearer $TOKEN"');
    expect(call).not.toContain("-plaintext");
  }
  expect(text).toContain("https://127.0.0.1:8080");
});

test.each(["0.0.0.0:50051", "[::]:50051"])("%s is replaced by localhost in calls", (grpc) => {
  for (const call of calls(banner({ ...FACTS, grpc }))) expect(call).toContain(" localhost:50051 ");
});
