// Packages with parsers and validators: name -> [library, expected reason, how to cause it].

import Ajv from "ajv";
import { XMLParser } from "fast-xml-parser";
import joi from "joi";
import { load } from "js-yaml";
import jwt from "jsonwebtoken";
import { object, string } from "yup";
import { z } from "zod";

const Order = z.object({ id: z.int(), email: z.email() });
const ajv = new Ajv();
const byAjv = ajv.compile({
  $async: true,
  type: "object",
  required: ["id"],
  properties: { id: { type: "integer" } },
});

export const parsers = {
  "zod: wrong types": ["zod", "VALIDATION_FAILED", () => Order.parse({ id: "5", email: "x" })],
  "ajv: a missing property": ["ajv", "VALIDATION_FAILED", () => byAjv({})],
  "ajv: a wrong schema": [
    "ajv",
    "EXECUTION_FAILED",
    () => ajv.compile({ type: "objekt", properties: 5 }),
  ],
  "joi: wrong types": [
    "joi",
    "VALIDATION_FAILED",
    () => joi.assert({ id: "five" }, joi.object({ id: joi.number() })),
  ],
  "yup: a missing field": [
    "yup",
    "VALIDATION_FAILED",
    () => object({ email: string().email().required() }).validate({}),
  ],
  "js-yaml: cut off": ["js-yaml", "VALIDATION_FAILED", () => load("{id: 5")],
  "fast-xml-parser: cut off": [
    "fast-xml-parser",
    "VALIDATION_FAILED",
    () => new XMLParser().parse("<order><id>5</order>", true),
  ],
  "jsonwebtoken: expired": [
    "jsonwebtoken",
    "AUTHENTICATION_ERROR",
    () => jwt.verify(jwt.sign({ exp: 1 }, "key"), "key"),
  ],
  "jsonwebtoken: another key": [
    "jsonwebtoken",
    "AUTHENTICATION_ERROR",
    () => jwt.verify(jwt.sign({}, "key"), "other"),
  ],
  "jsonwebtoken: malformed": [
    "jsonwebtoken",
    "AUTHENTICATION_ERROR",
    () => jwt.verify("abc", "key"),
  ],
  "jsonwebtoken: not yet active": [
    "jsonwebtoken",
    "AUTHENTICATION_ERROR",
    () => jwt.verify(jwt.sign({ nbf: 9_999_999_999 }, "key"), "key"),
  ],
};
