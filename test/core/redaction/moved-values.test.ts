// A transform may move a hidden value, or shift the elements of an array. It stays hidden.

import { describe, expect, it } from "vitest";
import { RedactedMessage } from "../../../src/core/redaction/redacted-message.ts";
import { Redaction } from "../../../src/core/redaction/redaction.ts";

const edit = (target: "PAYLOAD" | "ATTRIBUTES", ...operations: object[]) => ({
  ...{ target, patch: JSON.stringify(operations) },
});

describe("an attribute that a transform moves or copies", () => {
  it.each(["/X-Auth", "/x-auth", "/TOKEN"])("to %s stays hidden, in any case", (path) => {
    const name = path.slice(1);
    for (const op of ["move", "copy"]) {
      const patches = [edit("ATTRIBUTES", { op, from: "/Authorization", path })];
      const source = { payloads: [], attributes: [], patches };
      const message = new RedactedMessage(new Redaction(["attribute:authorization"]), source);
      expect(message.attributes({ [name]: "Basic Ym9i", tenant: "acme" })).toEqual({
        ...{ [name]: "[redacted]", tenant: "acme" },
      });
    }
  });
});

describe("an element of an array", () => {
  const EMAIL = "bob@acme.io";
  const shown = (patches: ReturnType<typeof edit>[], lacksPatches = false) => {
    const payload = JSON.stringify({ contacts: [{ email: EMAIL }], total: 1 });
    const source = { payloads: [payload], attributes: [], patches, lacksPatches };
    return new RedactedMessage(new Redaction(["/contacts/1/email"]), source).payload(payload);
  };

  it.each<[string, object]>([
    ["removed one before it", { op: "remove", path: "/contacts/0" }],
    ["added one before it", { op: "add", path: "/contacts/0", value: {} }],
    ["moved it", { op: "move", from: "/contacts/1", path: "/contacts/0" }],
    ["replaced the array", { op: "replace", path: "/contacts", value: [] }],
    ["replaced the payload", { op: "replace", path: "", value: {} }],
  ])("is hidden at every index after a transform %s", (_, operation) => {
    expect(shown([edit("PAYLOAD", operation)])).not.toContain(EMAIL);
  });

  it("is hidden at every index if not all edits are kept", () => {
    expect(shown([], true)).not.toContain(EMAIL);
    expect(shown([{ target: "PAYLOAD", patch: "" }])).not.toContain(EMAIL);
    expect(shown([{ target: "PAYLOAD", patch: "no JSON" }])).not.toContain(EMAIL);
  });

  it("is hidden at its own index alone after other transforms", () => {
    const elsewhere = { op: "replace", path: "/total", value: 2 };
    expect(shown([edit("PAYLOAD", elsewhere)])).toContain(EMAIL);
    expect(shown([edit("PAYLOAD", { op: "test", path: "/contacts/0", value: {} })])).toContain(
      EMAIL,
    );
    expect(shown([edit("ATTRIBUTES", { op: "remove", path: "/1" })])).toContain(EMAIL);
    expect(shown([])).toContain(EMAIL);
  });
});
