import Ajv from "ajv";
import Joi from "joi";
import * as yup from "yup";
import { z } from "zod";
import { draw } from "./peers.js";

const Order = z.object({
  total: z.number().nonnegative(),
  currency: z.string().max(3),
  email: z.email().optional(),
  items: z.array(z.object({ sku: z.string(), count: z.number().int().positive() })).default([]),
});

const ajv = new Ajv({ allErrors: false });
const check = ajv.compile({
  type: "object",
  required: ["total", "currency"],
  properties: { total: { type: "number" }, items: { type: "array", items: { required: ["sku"] } } },
});

const customer = Joi.object({
  email: Joi.string().email().required(),
  age: Joi.number().required(),
});
const address = yup.object({
  zip: yup.string().max(5).required(),
  street: yup.string().required(),
});

const read = (order) => Order.parse(order);

function validate(order) {
  if (!check(order))
    throw new Error(`order ${draw.order} is invalid: ${ajv.errorsText(check.errors)}`);
}

const items = (item) => [
  ...Array.from({ length: draw.index }, () => ({ sku: "a", count: 1 })),
  item,
];

function streetOf(order) {
  return order.customer.address.street;
}

function labelOf(order) {
  return order.customer.name.toUpperCase();
}

function total(order) {
  return order.lines.map((line) => BigInt(line.price)).reduce((a, b) => a + b);
}

function load(text) {
  return JSON.parse(text);
}

const later = {
  async publish() {
    await null;
    throw new Error(`event ${draw.token} for order ${draw.order} has no topic`);
  },
  archive: async () => {
    await null;
    throw new Error(`event ${draw.token} for order ${draw.order} has no topic`);
  },
};

function reserve() {
  throw new RangeError(
    `item ${draw.hash} is out of stock: ${draw.index} left, ${draw.order} wanted`,
  );
}

export const CASES = {
  "read-total-type": () => read({ total: draw.word, currency: "EUR" }),
  "read-total-negative": () => read({ total: draw.amount, currency: "EUR" }),
  "read-currency-missing": () => read({ total: draw.order }),
  "read-currency-long": () => read({ total: draw.order, currency: draw.code }),
  "read-email": () => read({ total: 1, currency: "EUR", email: draw.name }),
  "read-count": () =>
    read({ total: 1, currency: "EUR", items: items({ sku: "a", count: -draw.order }) }),
  "read-sku": () => read({ total: 1, currency: "EUR", items: items({ count: 1 }) }),
  "validate-total-missing": () => validate({ id: draw.order, currency: "EUR" }),
  "validate-total-type": () => validate({ total: draw.word, currency: "EUR" }),
  "validate-currency-missing": () => validate({ id: draw.order, total: 1 }),
  "validate-sku": () => validate({ total: 1, currency: "EUR", items: items({}) }),
  "joi-email": () => Joi.attempt({ email: draw.name, age: 3 }, customer),
  "joi-age": () => Joi.attempt({ email: "a@shop.example", age: draw.word }, customer),
  "yup-zip": () => address.validateSync({ zip: draw.uuid, street: "A" }),
  "yup-street": () => address.validateSync({ zip: "123", country: draw.name }),
  "no-customer": () => streetOf({ id: draw.order }),
  "no-address": () => streetOf({ customer: { id: draw.customer } }),
  "no-name": () => labelOf({ customer: { id: draw.customer } }),
  "price-no-number": () => total({ lines: [{ price: draw.word }] }),
  "load-empty": () => load(""),
  "load-value": () => load(`{"id": ${draw.order}, "name": ${draw.word}}`),
  "load-html": () => load(`<html><title>${draw.name}</title></html>`),
  publish: () => later.publish(),
  archive: () => later.archive(),
  reserve,
  "thrown-text": () => Promise.reject(`order ${draw.order} of ${draw.name} is closed`),
  "base-uri": () => decodeURIComponent(`%${draw.word}`),
  "bad-url": () => new URL(`//${draw.name}`),
};
