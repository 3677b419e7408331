import { type ExpressionType, isList, isNumeric, isScalar } from "./vocabulary.ts";

/** Why the operands are invalid. `operand` is the index of the wrong one, if it is one. */
export interface OperandMistake {
  problem: string;
  operand?: number;
}

const EQUALITIES = ["==", "!="];
const COMPARISONS = ["<", "<=", ">", ">=", ...EQUALITIES];
const ARITHMETIC = ["+", "-", "*", "/", "%"];

/**
 * Returns the result type of an operator. Names are the parser's: `_==_`, `!_`, `_?_:_`, `@in`.
 */
export function operatorType(
  name: string,
  types: readonly ExpressionType[],
): ExpressionType | OperandMistake {
  const [a = "empty list", b = "empty list", c = "empty list"] = types;
  const sign = /^_(\W+)_$/.exec(name)?.[1] ?? "";
  if (COMPARISONS.includes(sign)) return comparisonType(sign, a, b);
  if (ARITHMETIC.includes(sign)) return arithmeticType(sign, a, b);
  switch (name) {
    case "_&&_":
    case "_||_":
    case "!_": {
      const operand = types.findIndex((type) => type !== "bool");
      if (operand < 0) return "bool";
      return { problem: `bool is needed here, not ${types[operand]}`, operand };
    }
    case "-_":
      return isNumeric(a) ? a : { problem: `-${a} is not defined` };
    case "_?_:_":
      if (a === "bool" && b === c && isScalar(b)) return b;
      return { problem: `${a} ? ${b} : ${c} has no type` };
    case "@in":
      if (b === "map" ? a === "string" : b === "empty list" || b === `list of ${a}`) return "bool";
      return { problem: `${a} in ${b} is not defined` };
    default:
      return { problem: `unknown operator ${name}` };
  }
}

function comparisonType(
  sign: string,
  a: ExpressionType,
  b: ExpressionType,
): "bool" | OperandMistake {
  if (isNumeric(a) && isNumeric(b)) return "bool";
  const equality = EQUALITIES.includes(sign);
  if (a === b && (a === "string" || (equality && (isScalar(a) || isList(a))))) return "bool";
  return { problem: `${a} ${sign} ${b} is not defined` };
}

function arithmeticType(
  sign: string,
  a: ExpressionType,
  b: ExpressionType,
): ExpressionType | OperandMistake {
  if (a === b && isNumeric(a) && (sign !== "%" || a === "int")) return a;
  // Strings cannot be joined: the result could be long and be searched repeatedly.
  return { problem: `${a} ${sign} ${b} is not defined` };
}
