// Formulas that a reader types, as functions: "sin(x) + 0.5 * x^2". Read by recursive descent; nothing is ever run as JavaScript.

/** What could not be read, in both languages, and where. */
export class FormulaError extends Error {
  override readonly name = "FormulaError";
  readonly says: { readonly en: string; readonly zh: string };
  readonly at: number;
  constructor(en: string, zh: string, at: number) {
    super(en);
    this.says = { en, zh };
    this.at = at;
  }
}

export type Formula = (x: number, y: number) => number;

const FUNCTIONS: Readonly<Record<string, (...values: number[]) => number>> = {
  ...{ sin: Math.sin, cos: Math.cos, tan: Math.tan, tanh: Math.tanh, exp: Math.exp, log: Math.log, ln: Math.log },
  ...{ sqrt: Math.sqrt, abs: Math.abs, sign: Math.sign, floor: Math.floor, atan: Math.atan },
  ...{ min: Math.min, max: Math.max, atan2: Math.atan2, hypot: Math.hypot },
};
const MANY = new Set(["min", "max", "hypot"]);
const CONSTANTS: Readonly<Record<string, number>> = { pi: Math.PI, e: Math.E };
const LONGEST = 500;
const DEEPEST = 100;

interface Token {
  readonly kind: "number" | "name" | "sign" | "end";
  readonly text: string;
  readonly at: number;
}

function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  const pattern = /\s*(?:((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|([A-Za-z_]\w*)|([-+*/^(),−×·]))/y;
  while (pattern.lastIndex < source.trimEnd().length) {
    const at = pattern.lastIndex;
    const match = pattern.exec(source);
    if (match === null)
      throw new FormulaError(
        `"${source.slice(at).trim()[0]}" is not understood`,
        `看不懂“${source.slice(at).trim()[0]}”`,
        at,
      );
    const [, digits, name, sign] = match;
    const text = digits ?? name ?? { "−": "-", "×": "*", "·": "*" }[sign] ?? sign;
    tokens.push({
      kind: digits ? "number" : name ? "name" : "sign",
      text,
      at: pattern.lastIndex - (digits ?? name ?? sign).length,
    });
  }
  return [...tokens, { kind: "end", text: "", at: source.length }];
}

/**
 * A function of the variables that are named: "x" (also written x1) and, where `variables` is 2, "y" (x2).
 * @throws FormulaError with the place of what can't be read
 */
export function parseFormula(source: string, variables: 1 | 2): Formula {
  if (source.length > LONGEST)
    throw new FormulaError(`longer than ${LONGEST} characters`, `超过 ${LONGEST} 个字符`, LONGEST);
  const tokens = tokensOf(source);
  let next = 0;
  let depth = 0;
  const peek = (): Token => tokens[next];
  const takes = (text: string): boolean => {
    if (peek().kind !== "sign" || peek().text !== text) return false;
    next += 1;
    return true;
  };
  const expect = (text: string): void => {
    if (!takes(text)) throw new FormulaError(`"${text}" is missing`, `缺少“${text}”`, peek().at);
  };

  function sum(): Formula {
    let left = product();
    for (;;) {
      const [a, plus] = [left, takes("+")];
      if (!plus && !takes("-")) return left;
      const b = product();
      left = plus ? (x, y) => a(x, y) + b(x, y) : (x, y) => a(x, y) - b(x, y);
    }
  }

  function product(): Formula {
    let left = signed();
    for (;;) {
      const a = left;
      if (takes("*")) {
        const b = signed();
        left = (x, y) => a(x, y) * b(x, y);
      } else if (takes("/")) {
        const b = signed();
        left = (x, y) => a(x, y) / b(x, y);
      } else if (
        peek().kind === "name" ||
        peek().kind === "number" ||
        (peek().kind === "sign" && peek().text === "(")
      ) {
        // 2x, 3 sin(x), (x + 1)(x - 1)
        const b = power();
        left = (x, y) => a(x, y) * b(x, y);
      } else return left;
    }
  }

  function signed(): Formula {
    if (takes("+")) return deeper(signed);
    if (!takes("-")) return power();
    const a = deeper(signed);
    return (x, y) => -a(x, y);
  }

  function power(): Formula {
    const base = atom();
    if (!takes("^")) return base;
    // To the right: 2^3^2 is 2^9; and -x^2 is -(x^2).
    const exponent = deeper(signed);
    return (x, y) => base(x, y) ** exponent(x, y);
  }

  function deeper(read: () => Formula): Formula {
    depth += 1;
    if (depth > DEEPEST) throw new FormulaError("nested too deeply", "嵌套太深", peek().at);
    const result = read();
    depth -= 1;
    return result;
  }

  function atom(): Formula {
    const token = peek();
    next += 1;
    if (token.kind === "number") {
      const value = Number(token.text);
      return () => value;
    }
    if (token.kind === "sign" && token.text === "(") {
      const inner = deeper(sum);
      expect(")");
      return inner;
    }
    if (token.kind !== "name") {
      next -= 1;
      throw token.kind === "end"
        ? new FormulaError("something is missing at the end", "末尾缺少内容", token.at)
        : new FormulaError(`"${token.text}" stands where a value should`, `“${token.text}”处应当是一个值`, token.at);
    }
    const name = token.text.toLowerCase();
    if (name === "x" || name === "x1") return (x) => x;
    if (variables === 2 && (name === "y" || name === "x2")) return (_, y) => y;
    if (Object.hasOwn(CONSTANTS, name)) {
      const value = CONSTANTS[name];
      return () => value;
    }
    if (!Object.hasOwn(FUNCTIONS, name)) {
      const known = ["x", ...(variables === 2 ? ["y"] : []), ...Object.keys(CONSTANTS), ...Object.keys(FUNCTIONS)];
      const list = known.join(", ");
      throw new FormulaError(
        `"${token.text}" is unknown; there are ${list}`,
        `不认识“${token.text}”；可用的有 ${list}`,
        token.at,
      );
    }
    const call = FUNCTIONS[name];
    expect("(");
    const values = [deeper(sum)];
    while (takes(",")) values.push(deeper(sum));
    expect(")");
    const wanted = name === "atan2" ? 2 : 1;
    if (!MANY.has(name) && values.length !== wanted) {
      const [en, zh] = wanted === 1 ? ["one value", "一个值"] : ["two values", "两个值"];
      throw new FormulaError(`${name} takes ${en}`, `${name} 需要${zh}`, token.at);
    }
    return (x, y) => call(...values.map((value) => value(x, y)));
  }

  const formula = sum();
  const { kind, text, at } = peek();
  if (kind !== "end")
    throw new FormulaError(`"${text}" stands where the formula should end`, `公式应当在“${text}”处结束`, at);
  return formula;
}
