// Values that Node cannot parse: name -> [library, expected reason, how to cause it].

export const values = {
  "JSON: empty": ["node", "VALIDATION_FAILED", () => JSON.parse("")],
  "JSON: cut off": ["node", "VALIDATION_FAILED", () => JSON.parse('{"id": 5,')],
  "JSON: HTML": ["node", "VALIDATION_FAILED", () => JSON.parse("<html>")],
  "JSON: a trailing comma": ["node", "VALIDATION_FAILED", () => JSON.parse('{"id": 5,}')],
  "JSON: the word undefined": ["node", "VALIDATION_FAILED", () => JSON.parse("undefined")],
  "URL: not a URL": ["node", "VALIDATION_FAILED", () => new URL("shop")],
  "URI: malformed": ["node", "VALIDATION_FAILED", () => decodeURIComponent("%E0%A4%A")],
  "Date: not a date": ["node", "VALIDATION_FAILED", () => new Date("soon").toISOString()],
  "BigInt: not a number": ["node", "VALIDATION_FAILED", () => BigInt("five")],
};
