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
