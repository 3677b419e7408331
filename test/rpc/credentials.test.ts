import { expect, test, vi } from "vitest";
import type { Token } from "../../src/config/token.ts";
import { Credentials, type KnownToken } from "../../src/rpc/credentials.ts";
import { cpuCostMs } from "../support/cpu-cost.ts";

const MANY = 10_000;
const secretOf = (n: number) => `token-of-some-length-${n}`;
const tokens: readonly Token[] = Array.from({ length: MANY }, (_, n) => ({
  name: `caller-${n}`,
  secret: { text: secretOf(n) },
}));

const call = (secret: string) => ({
  requestHeader: new Headers({ authorization: `Bearer ${secret}` }),
});

function tokenOf(credentials: Credentials, secret: string): KnownToken {
  const token = credentials.check(call(secret));
  if (token === undefined || "refused" in token) throw new Error("refused");
  return token;
}

test("10,000 tokens cost a call no more than one", () => {
  const costOf = (credentials: Credentials) => {
    const calls = Array.from({ length: 1_000 }, (_, n) => call(secretOf(n)));
    return cpuCostMs(() => {
      for (const one of calls) credentials.check(one);
    });
  };
  expect(costOf(new Credentials(tokens))).toBeLessThan(50);
});

test("10,000 tokens are replaced under 10,000 streams without a pause", () => {
  const credentials = new Credentials(tokens);
  const end = vi.fn<() => void>();
  for (let n = 0; n < MANY; n++) {
    credentials.watch(tokenOf(credentials, secretOf(n)), () => end());
  }
  expect(cpuCostMs(() => credentials.replace(tokens))).toBeLessThan(200);
  expect(end).not.toHaveBeenCalled();
  credentials.replace(tokens.slice(1));
  expect(end).toHaveBeenCalledTimes(1);
});

test("a token with a new name has it in streams that are open", () => {
  const [one, other] = ["one", "other"].map((name) => ({
    name,
    secret: { text: secretOf(name.length) },
  })) as [Token, Token];
  const credentials = new Credentials([one, other]);
  const token = tokenOf(credentials, secretOf(3));
  const stop = credentials.watch(token, () => {});
  credentials.replace([{ ...one, name: "second" }, other]);
  expect(token.name).toBe("second");
  credentials.replace([other, { ...one, name: "third", expireAtMs: 7 }]);
  expect(token).toMatchObject({ name: "third", expireAtMs: 7 });
  stop();
});
