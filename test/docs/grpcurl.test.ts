// Checks that the grpcurl commands in the documents and in the server's banner use existing methods and fields.

import { fromJson, type JsonValue } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { DlqAdminService } from "../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { DlqService } from "../../gen/dlq/v1/dlq_service_pb.ts";
import { banner } from "../../src/serve/banner.ts";
import { documents, fencesOf, readDocument } from "./markdown.ts";

interface Call {
  readonly method: string;
  readonly request: string;
}

const QUOTED = `(?:'(?<plain>[^']*)'|"(?<escaped>(?:\\\\.|[^"\\\\])*)")`;

/** A grpcurl command, a curl command, or the `call` of the tour. */
const FORMS = [
  new RegExp(
    `-d ${QUOTED}\\s(?:(?!-d )[\\s\\S])*?dlq\\.v1\\.Dlq(?:Admin)?Service/(?<method>\\w+)`,
    "g",
  ),
  new RegExp(`^\\s*call (?<method>\\w+) ${QUOTED}`, "gm"),
];

function callsOf(shell: string): Call[] {
  return FORMS.flatMap((form) =>
    [...shell.matchAll(form)].flatMap(({ groups = {} }) => {
      const request = groups.plain ?? (groups.escaped ?? "").replace(/\\(["\\$`])/g, "$1");
      return [{ method: groups.method ?? "", request }];
    }),
  ).filter(({ request }) => request !== "$2"); // the definition of `call` itself
}

const METHODS = [...DlqService.methods, ...DlqAdminService.methods];

/** Converts a field mask to JSON text. grpcurl takes it as a message. */
function maskAsText(_key: string, value: unknown): unknown {
  const isMask = typeof value === "object" && value !== null && "paths" in value;
  return isMask ? (value.paths as string[]).join(",") : value;
}

function wrong({ method, request }: Call): string | undefined {
  const found = METHODS.find(({ name }) => name === method);
  if (found === undefined) return `unknown method ${method}`;
  try {
    fromJson(found.input, JSON.parse(request, maskAsText) as JsonValue);
    return undefined;
  } catch (error) {
    return `${method} ${request}: ${String(error)}`;
  }
}

const SHELLS = documents().flatMap((file) =>
  fencesOf(readDocument(file)).flatMap(({ info, text }) =>
    info === "sh" || info.startsWith("sh ") ? [{ file, text }] : [],
  ),
);

test("requests in the documents are valid", () => {
  const calls = SHELLS.flatMap(({ text }) => callsOf(text));
  expect(calls.length).toBeGreaterThan(8);
  expect(calls.flatMap((call) => wrong(call) ?? [])).toEqual([]);
});

test("every call in the documents was checked", () => {
  const missed = SHELLS.filter(({ text }) => {
    const written = text.match(/Dlq(?:Admin)?Service\/[A-Z]\w+|^\s*call [A-Z]\w+/gm) ?? [];
    return written.length !== callsOf(text).length;
  });
  expect(missed).toEqual([]);
});

test("the commands that the server prints at its start are valid", () => {
  const words = banner({
    grpc: "localhost:50051",
    http: undefined,
    where: "",
    tlsCert: undefined,
    needsToken: false,
  });
  const calls = callsOf(words);
  expect(calls.map(({ method }) => method)).toEqual(["SendToDlq", "StreamDue"]);
  expect(calls.flatMap((call) => wrong(call) ?? [])).toEqual([]);
});
