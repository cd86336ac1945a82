// Formulas in docstrings, set for the reference. They are written as plain text (`y = x^2`); what is one beyond doubt becomes MathML, which browsers
// show by themselves, and everything else stays as it is. A small grammar finds them: a formula is the longest text that it reads whole, and that
// holds something which prose does not (a relation, a power, a function's argument, an operation on a variable). What the grammar reads, it writes:
// packages that turn such text into MathML have a grammar of their own, in which `a / |b|` or `dy 2/sqrt(pi)` mean something else.

const NAMES =
  "alpha α beta β gamma γ delta δ epsilon ε zeta ζ eta η theta θ kappa κ lambda λ mu μ nu ν xi ξ pi π rho ρ sigma σ tau τ phi φ chi χ psi ψ omega ω " +
  "Gamma Γ Delta Δ Theta Θ Lambda Λ Sigma Σ Phi Φ Psi Ψ Omega Ω";
const FUNCTIONS =
  "sqrt exp ln log sin cos tan sinh cosh tanh asin acos atan asinh acosh atanh max min floor ceil round sign erf sigmoid softmax logSoftmax softplus " +
  "relu sum mean var det tr argmax argmin";
/** Greek letters by name. */
const greek = new Map(NAMES.match(/\w+ ./gu).map((pair) => pair.split(" ")));
const functions = new Set(FUNCTIONS.split(" "));
/** Functions whose argument may stand without brackets: ln x. */
const prefix = new Set(["ln", "log", "sin", "cos", "tan", "exp"]);
/** Letters that are words, too. */
const articles = new Set(["a", "A", "I"]);
/** Words that may follow a formula. Before others it may be cut short: `a + (b - a) weight`. */
const CONNECTIVES = new Set(
  (
    "with where for if and or is are in has by to times from on over of at the else exact as which that also between until instead without so than " +
    "its along after before given cut element here what while when but not stays becomes an one beyond"
  ).split(" "),
);

const TOKEN =
  /\s+|\d+(?:\.\d+)?(?:e-?\d+)?(?![\d.]*\d)(?:\.\.\.)?|\.\.\.|<=|>=|!=|->|[A-Za-z]'(?![A-Za-z])|[A-Za-z]+\d*(?:_[A-Za-z0-9]+)?|./gsu;

const RELATIONS = ["=", "<", ">", "<=", ">=", "!="];

/** MathML of the parts of a formula. */
const identifier = (name) => `<mi>${name}</mi>`;
const mark = (sign) => `<mo>${SIGNS.get(sign) ?? sign}</mo>`;
const negative = (minus, ml) => (minus ? `<mo form="prefix">−</mo>${ml}` : ml);
const row = (ml) => `<mrow>${ml}</mrow>`;
const fenced = (open, ml, close) => {
  const grow = /<(mfrac|munder)>/.test(ml) ? "" : ' stretchy="false"';
  return row(`<mo${grow} form="prefix">${open}</mo>${row(ml)}<mo${grow} form="postfix">${close}</mo>`);
};
const power = (base, exponent) => `<msup>${row(base)}${row(exponent)}</msup>`;
const indexed = (base, index) => `<msub>${row(base)}${row(index)}</msub>`;
const fraction = (over, under) => `<mfrac>${row(over)}${row(under)}</mfrac>`;
const SPACE = '<mspace width="0.17em"></mspace>';
const BAR = "&#124;";
const SIGNS = new Map([
  ["-", "−"],
  ["<", "&lt;"],
  [">", "&gt;"],
  ["<=", "≤"],
  [">=", "≥"],
  ["!=", "≠"],
]);

/** Reads a formula from tokens on. Its rules give MathML, or undefined where the text is none of theirs; those of factors give it as `{ ml }`, with
 * `bare`, what it is without its bracket, and `wide` if it needs a space beside it. */
class Reader {
  constructor(tokens, at) {
    this.tokens = tokens;
    this.at = at;
    this.depth = 0;
    /** Whether something was read that prose does not have. */
    this.strong = false;
    this.variables = new Set();
  }

  peek(ahead = 0) {
    return this.tokens[this.at + ahead] ?? "";
  }

  /** Takes an operator with a space on both sides; within brackets also one without any. */
  operator(among, spaced = false) {
    if (this.peek() === " " && among.includes(this.peek(1)) && this.peek(2) === " ") {
      this.at += 3;
      return this.tokens[this.at - 2];
    }
    return !spaced && this.depth > 0 && among.includes(this.peek()) ? this.tokens[this.at++] : undefined;
  }

  minus() {
    if (this.peek() !== "-") return false;
    this.at += 1;
    return true;
  }

  /** Reads with `rule`, or goes back to where it was. */
  attempt(rule) {
    const { at, depth, strong } = this;
    const read = rule();
    if (read === undefined) Object.assign(this, { at, depth, strong });
    return read;
  }

  /** What `part` reads, once or several times with operators between. */
  chain(part, operators, spaced) {
    let ml = part();
    while (ml !== undefined) {
      const more = this.attempt(() => {
        const sign = this.operator(operators, spaced);
        const next = sign && part();
        return next && mark(sign) + next;
      });
      if (more === undefined) break;
      ml += more;
      if (this.variables.size > 0) this.strong = true;
    }
    return ml;
  }

  formula() {
    return this.chain(() => this.sum(), RELATIONS, true);
  }

  sum() {
    return this.chain(() => this.product(), ["+", "-"]);
  }

  /** Factors beside each other; what stands before " / " is divided by the one factor behind it. */
  product() {
    const minus = this.minus();
    let read = this.attempt(() => this.folded()) ?? this.factor();
    while (read !== undefined) {
      const left = read;
      const more = this.attempt(() => this.divided(left)) ?? this.attempt(() => this.multiplied(left));
      if (more === undefined) return negative(minus, left.ml);
      read = more;
    }
    return undefined;
  }

  divided(left) {
    const under = this.operator(["/"], true) && this.factor();
    if (!under) return undefined;
    if (this.variables.size > 0) this.strong = true;
    return { ml: fraction(left.bare ?? left.ml, under.bare ?? under.ml) };
  }

  multiplied(left) {
    if (this.operator(["*"], true) !== undefined) {
      const right = this.factor();
      return right && { ml: left.ml + mark("·") + right.ml, wide: right.wide };
    }
    if (this.peek() !== " ") return undefined;
    this.at += 1;
    const bracket = this.peek() === "(";
    const right = this.factor("beside");
    if (right === undefined) return undefined;
    if ((bracket && this.variables.size > 0) || /^d[a-z]$/.test(this.tokens[this.at - 1])) this.strong = true;
    return { ml: `${left.ml}${left.wide || right.wide ? SPACE : ""}${right.ml}`, wide: right.wide };
  }

  /** `sum over c, k of w[c, k]`, `mean over samples of ln p`. */
  folded() {
    const kind = this.peek();
    if ((kind !== "sum" && kind !== "mean") || this.peek(2) !== "over") return undefined;
    const rest = this.tokens.slice(this.at + 3).join("");
    const [all, over] = /^ ((?:[a-z]+, )*[a-z]+) of /.exec(rest) ?? [];
    if (all === undefined) return undefined;
    this.at += 3;
    for (let skipped = 0; skipped < all.length; ) skipped += this.tokens[this.at++].length;
    const body = this.product();
    if (body === undefined || !this.strong) return undefined;
    const names = over.split(", ").map(identifier).join(mark(","));
    const sign = kind === "sum" ? `<munder><mo>∑</mo>${row(names)}</munder>` : indexed(identifier("mean"), names);
    return { ml: sign + SPACE + body };
  }

  /** A power, or a fraction written without spaces, which binds closer than a product: `dy 2/sqrt(pi)`. */
  factor(place = "") {
    const over = this.power(place);
    if (over === undefined || this.peek() !== "/") return over;
    this.at += 1;
    const under = this.power("power");
    if (under === undefined) return undefined;
    if (this.variables.size > 0) this.strong = true;
    return { ml: fraction(over.bare ?? over.ml, under.bare ?? under.ml) };
  }

  power(place) {
    const base = this.atom(place);
    if (base === undefined || this.peek() !== "^") return base;
    this.at += 1;
    const minus = this.minus();
    const exponent = this.atom("power");
    if (exponent === undefined) return undefined;
    this.strong = true;
    return { ml: power(base.ml, negative(minus, exponent.bare ?? exponent.ml)), wide: base.wide };
  }

  atom(place) {
    const token = this.peek();
    if (/^\d/.test(token)) return this.number();
    if (/^[A-Za-z]/.test(token)) return this.name(place);
    if (token === "..." && (this.depth > 0 || place === "beside")) {
      this.at += 1;
      return { ml: mark("…") };
    }
    if (token === "|") return this.bracket("|", BAR, BAR);
    if (token !== "(") return undefined;
    const word = /^[A-Za-z]{2,}$/.test(this.peek(1)) && this.peek(2) === ")" && !greek.has(this.peek(1));
    return word ? undefined : this.bracket(")", "(", ")");
  }

  /** `2`, `1e-8`, `1.05...`, and `2h` as one factor. */
  number() {
    const [mantissa, exponent] = this.tokens[this.at++].replace("...", "…").split("e");
    const letter = this.peek();
    const ml = `<mn>${mantissa}</mn>`;
    if (exponent !== undefined) {
      const ten = power("<mn>10</mn>", negative(exponent.startsWith("-"), `<mn>${exponent.replace("-", "")}</mn>`));
      return { ml: mantissa === "1" ? ten : row(ml + mark("×") + ten) };
    }
    if (!/^[A-Za-z]/.test(letter)) return { ml };
    if (!/^[a-z]$/.test(letter)) return undefined;
    this.at += 1;
    this.variables.add(letter);
    return { ml: row(ml + identifier(letter)) };
  }

  /** What stands between brackets, one sum or, as the arguments of a function and indices are, several. */
  bracket(close, open, shut, list = false) {
    this.at += 1;
    this.depth += 1;
    const parts = [];
    do {
      if (parts.length > 0) this.at += this.peek(1) === " " ? 2 : 1;
      const part = this.sum();
      if (part === undefined) return undefined;
      parts.push(part);
    } while (list && this.peek() === ",");
    if (this.peek() !== close) return undefined;
    this.at += 1;
    this.depth -= 1;
    const ml = parts.join(mark(","));
    return { ml: fenced(open, ml, shut), bare: open === "(" ? ml : undefined };
  }

  name(place) {
    const token = this.tokens[this.at++];
    const [, word, index, prime] = /^([A-Za-z]+\d*)(?:_(\w+))?('?)$/.exec(token) ?? [];
    const variable = isVariable(word);
    const applies = functions.has(word) && (prefix.has(word) || this.peek() === "(");
    if (!variable && !applies) return this.worded(word, place);
    let ml = spelled(word);
    if (index !== undefined) {
      this.strong = true;
      ml = indexed(ml, subscript(index));
    }
    if (prime) ml = row(`${ml}<mo lspace="0" rspace="0">′</mo>`);
    if (variable) this.variables.add(word);
    if (this.peek() === "(") return this.called(ml, word);
    if (!variable) return this.applied(ml, word);
    return this.subscripted(ml);
  }

  /** f(x, y), sqrt(x). */
  called(name, word) {
    const list = this.bracket(")", "(", ")", true);
    if (list === undefined) return undefined;
    this.strong = true;
    if (word === "sqrt") return { ml: `<msqrt>${list.bare}</msqrt>` };
    return { ml: row(name + list.ml), wide: word.length > 1 };
  }

  /** Functions whose argument needs no brackets: ln x. */
  applied(name, word) {
    if (!prefix.has(word) || this.peek() !== " ") return undefined;
    this.at += 1;
    const argument = this.factor("beside");
    if (argument === undefined) return undefined;
    this.strong = true;
    return { ml: row(name + SPACE + argument.ml), wide: true };
  }

  /** x[i, j] and x_(i - 1) become indices. */
  subscripted(ml) {
    const lower = this.peek() === "_" && this.peek(1) === "(";
    if (!lower && this.peek() !== "[") return { ml };
    if (lower) this.at += 1;
    // What stands in the text of a program: x[indices], x[...].
    if (/^\[(indices|\.\.\.)\]$/.test(this.tokens.slice(this.at, this.at + 3).join(""))) return undefined;
    const indices = this.bracket(lower ? ")" : "]", "(", ")", true);
    if (indices === undefined) return undefined;
    this.strong = true;
    return { ml: indexed(ml, indices.bare) };
  }

  /** A quantity with a word for a name: where nothing but operators and brackets is beside it. */
  worded(word, place) {
    if (place === "beside" || !/^[a-z][A-Za-z]+$/.test(word)) return undefined;
    const ml = identifier(word);
    if (this.peek() === "[" && this.depth > 0) {
      const indices = this.bracket("]", "(", ")", true);
      return indices && { ml: indexed(ml, indices.bare), wide: true };
    }
    if (place === "power" || this.peek() === "^") return { ml, wide: true };
    const operator = this.peek() === " " && ["+", "-", "*", "/", ...RELATIONS].includes(this.peek(1));
    const end = this.depth > 0 ? [")", "]", ",", "|"].includes(this.peek()) : /^[,.;:)]?$/.test(this.peek());
    return operator || end ? { ml, wide: true } : undefined;
  }
}

function isVariable(word) {
  return /^([A-Za-z]\d?|d[a-z])$/.test(word) || greek.has(word);
}

function spelled(word) {
  if (/^[A-Za-z]\d$/.test(word)) return indexed(identifier(word[0]), `<mn>${word[1]}</mn>`);
  if (/^d[a-z]$/.test(word)) return row(identifier("d") + identifier(word[1]));
  const letter = greek.get(word);
  if (letter !== undefined && /^[A-Z]/.test(word)) return `<mi mathvariant="normal">${letter}</mi>`;
  return identifier(letter ?? word);
}

/** Indices are letters of their own, x_ij; others are numbers or (the beginnings of) words. */
function subscript(index) {
  if (/^[ijkl]{2}$/.test(index)) return [...index].map(identifier).join("");
  return /^\d+$/.test(index) ? `<mn>${index}</mn>` : identifier(index);
}

const OPERATORS = /[-=+*/^<>!|_~&@#$%]/;

/** Whether a text between other text is whole: no part of a formula that could not be read. */
function standsFree(text, formula, after) {
  // The mark of a list's item is no minus.
  const before = text.replace(/(^|\n)[-*] $/, "$1");
  if (/\[[^\])]*$/.test(before) || !/(^|[\s(])$/.test(before) || /[-=+*/^<>!|_~&@#$%\d\])][\s(]*$/.test(before))
    return false;
  if (/\(\s*$/.test(before) && /^\)\s*[-=+*/^<>(\w]/.test(after) && !/^\) \(?[A-Za-z]{2}/.test(after)) return false;
  if (opensTight(before)) return false;
  if (!/^(\s|[,;:)?!]|\.[\s)]|\.?$)/.test(after)) return false;
  const [, next = ""] = /^ *(\S)/.exec(after) ?? [];
  if (OPERATORS.test(next) || /^ (?:[[\d]|\.)/.test(after)) return false;
  if (/^ \(/.test(after) && (!/^ \([A-Za-z]{2}/.test(after) || greek.has(/^ \((\w+)/.exec(after)?.[1]))) return false;
  const [, word] = /^ +([A-Za-z]+)/.exec(after) ?? [];
  return word === undefined || /^[-\d.^]+$/.test(formula) || CONNECTIVES.has(word);
}

/** Whether a bracket is open that belongs to a name, an operator or another bracket: f(..., x_(.... */
function opensTight(before) {
  let open = 0;
  for (let i = before.length - 1; i >= 0; i--) {
    if (before[i] === ")") open += 1;
    if (before[i] !== "(") continue;
    if (open > 0) open -= 1;
    else
      return (
        /[^\s]$/.test(before.slice(0, i)) ||
        /[-=+*/^<>|(]\s*$/.test(before.slice(0, i)) ||
        opensTight(before.slice(0, i))
      );
  }
  return false;
}

/** The formulas of a text, in order: where they begin and end, their MathML, and the variables in them. */
export function findFormulas(text) {
  const tokens = text.match(TOKEN) ?? [];
  const found = [];
  let start = 0;
  for (let i = 0; i < tokens.length; ) {
    const reader = new Reader(tokens, i);
    const ml = begins(tokens, i) ? reader.formula() : undefined;
    const whole = ml !== undefined && reader.strong;
    const next = whole ? reader.at : i + 1;
    const end = start + tokens.slice(i, next).join("").length;
    if (whole && standsFree(text.slice(0, start), text.slice(start, end), text.slice(end)))
      found.push({ start, end, mathml: `<math>${ml}</math>`, variables: reader.variables });
    // What was read but does not stand free is part of something else: none of its own parts is tried.
    i = next;
    start = end;
  }
  return found;
}

/** No blank or mark, and no article before a word: "a 2 x 2 matrix". */
function begins(tokens, i) {
  if (/^[\s,.;:]/.test(tokens[i])) return false;
  return !articles.has(tokens[i]) || /^ [-=+/<>!]|^[^\s]/.test(tokens.slice(i + 1, i + 3).join(""));
}

/** The texts of one docstring with their formulas set, and, alone in a sentence, the variables that those formulas name. */
export function setFormulas(texts) {
  // A line ends where the source is full: that is a blank, but for the items of a list.
  const formulas = texts.map((text) => findFormulas(text.replaceAll(/(?<=\S)\n(?=\S)(?![-*] |\d+\. )/g, " ")));
  const variables = new Set(formulas.flat().flatMap((formula) => [...formula.variables]));
  for (const article of articles) variables.delete(article);
  return texts.map((text, i) => {
    let out = "";
    let at = 0;
    for (const { start, end, mathml } of formulas[i]) {
      const [stop] = /^[,.;:]?/.exec(text.slice(end));
      const set = withStop(mathml, stop);
      out += setVariables(text.slice(at, start), variables);
      out += end - start > WIDE ? `<span class="formula">${set}</span>` : set;
      at = end + stop.length;
    }
    return out + setVariables(text.slice(at), variables);
  });
}

/** From so many characters on a formula may be wider than a phone, and scrolls by itself. */
const WIDE = 26;

/** The mark behind a formula goes into it: browsers would break the line between them. */
function withStop(mathml, stop) {
  return stop === "" ? mathml : mathml.replace("</math>", `<mtext>${stop}</mtext></math>`);
}

function setVariables(text, variables) {
  const alone = /(?<=^|[\s(])(?<![-=+*/^<>|] )([A-Za-z]+)(?=[\s,;:)]|\.(?:\s|$)|$)(?! [-=+*/^<>|])([,;:.]?)/g;
  return text.replace(alone, (all, name, stop, at) => {
    const shape = /\[[^\]]*$/.test(text.slice(0, at));
    return variables.has(name) && !shape ? withStop(`<math>${spelled(name)}</math>`, stop) : all;
  });
}
