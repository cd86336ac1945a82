// Where wrong calls come from: every function and class that the package exports, every method and accessor of what the documented examples make,
// and the documented examples themselves with one argument exchanged. All as source text. New functions, classes and examples take part by
// being there.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { valueText } from "./values.mjs";

const { transpileModule, createSourceFile, forEachChild, ScriptTarget, ModuleKind } = ts;

/** What no sweep should do: reach for the network, change the engine under the others' feet, or read the caller's folders. */
const LEFT_OUT = new Set(["downloadMnist", "mnist"]);

/** Examples for what has none in its docstring. */
const EXTRA = [
  ...["line", "scatter"].map(
    (kind) => `renderSvg({ kind: "${kind}", series: [{ name: "a", x: [1, 2], y: [3, 4] }] });`,
  ),
  'renderSvg({ kind: "bar", categories: ["a", "b"], series: [{ name: "s", values: [1, 2] }] }, { width: 300, theme: "dark" });',
  'renderSvg({ kind: "band", bands: [{ name: "b", low: [1, 2], high: [3, 4], middle: [2, 3] }] });',
  'renderSvg({ kind: "histogram", series: [{ name: "s", values: [1, 2, 2] }], bins: 4, measure: "share" });',
  'renderSvg({ kind: "heat-map", rows: ["a"], columns: ["b", "c"], values: [[1, 2]], colours: "diverging" });',
  'renderSvg({ kind: "confusion", classes: ["a", "b"], counts: [[3, 1], [0, 4]] });',
  'renderSvg({ kind: "contour", x: [0, 1], y: [0, 1], z: [[0, 1], [1, 2]], levels: 3 });',
  'renderSvg({ kind: "surface", x: [0, 1], y: [0, 1], z: [[0, 1], [1, 2]], azimuth: 20 });',
  'renderSvg({ kind: "images", images: [{ width: 1, height: 2, pixels: [0, 255], caption: "c" }], columns: 1 });',
  'renderSvg({ kind: "network", layers: [{ name: "in", units: 2 }, { name: "out", units: 1, weights: [[1, -1]] }] });',
  'renderPage({ title: "t", sections: [{ heading: "h", blocks: [{ kind: "text", text: "words" }] }] });',
  'say({ en: "a", zh: "b" }, "zh"); formatNumber(1234.5); formatPercent(0.5);',
  "const t = tensor([[1, 2], [3, 4]]); const views = [t.T, t.get(0)];",
  'const layers = [new Dense(2), new Flatten(), new Dropout(0.5), new Activation("relu"), new BatchNormalization()];',
  "const built = new Sequential([new Dense(2)], { inputShape: [3] }); const block = built.block; const [weights] = built.parameters;",
  "const rates = [schedule.cosine({ steps: 10 }), schedule.step({ every: 2, factor: 0.5, learningRate: 1 })];",
];

/** Members that are not for users, `Class.member`, and constructors among them: private, protected, `@internal`, or of an abstract class. */
function hiddenMembers(root) {
  const hidden = new Set();
  const files = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" });
  for (const name of files.filter((each) => each.endsWith(".ts") && !each.endsWith(".test.ts"))) {
    const text = readFileSync(join(root, "src", name), "utf8");
    if (!/^export (abstract )?class /m.test(text)) continue;
    const source = createSourceFile(name, text, ScriptTarget.ES2022, true);
    for (const statement of source.statements.filter(ts.isClassDeclaration)) {
      const is = (node, flag) => (ts.getCombinedModifierFlags(node) & flag) !== 0;
      if (is(statement, ts.ModifierFlags.Abstract)) hidden.add(`${statement.name.text}.constructor`);
      for (const member of statement.members) {
        const internal = ts.getJSDocCommentsAndTags(member).some((comment) => /@internal/.test(comment.getText()));
        if (!internal && !is(member, ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) continue;
        hidden.add(
          `${statement.name.text}.${ts.isConstructorDeclaration(member) ? "constructor" : member.name.getText()}`,
        );
      }
    }
  }
  return hidden;
}

/** The fenced code behind every `@example` of the sources. */
function documentedExamples(root) {
  const files = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" });
  return files
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .sort()
    .flatMap((name) => {
      const text = readFileSync(join(root, "src", name), "utf8");
      return [...text.matchAll(/^ *\* @example\n *\* ```ts\n((?: *\*.*\n)*?) *\* ```/gm)].map((match) =>
        match[1].replace(/^ *\* ?/gm, ""),
      );
    });
}

/**
 * An example as JavaScript: `setup` to build on, `text` that returns the value of its last statement, what it declares, and the places of the
 * text that may be exchanged.
 */
function partsOf(code) {
  const { outputText } = transpileModule(code, {
    compilerOptions: { target: ScriptTarget.ES2022, module: ModuleKind.ESNext, removeComments: true },
  });
  const setup = outputText.replace(/export \{\};\s*$/, "").trim();
  const parse = (text) => createSourceFile("example.js", text, ScriptTarget.ES2022, true);
  const { statements } = parse(setup);
  const declared = statements
    .filter(ts.isVariableStatement)
    .flatMap(({ declarationList }) => declarationList.declarations)
    .flatMap(({ name }) => (ts.isIdentifier(name) ? [name.text] : name.elements.map((element) => element.name.text)));
  const last = statements.at(-1);
  const returns = last !== undefined && ts.isExpressionStatement(last);
  const text = returns ? `${setup.slice(0, last.getStart())}return ${setup.slice(last.getStart())}` : setup;
  const places = [];
  const keys = [];
  const visit = (node) => {
    if ((ts.isCallExpression(node) || ts.isNewExpression(node)) && node.arguments) {
      const list = node.arguments.map((argument) => [argument.getStart(), argument.end]);
      places.push({ kind: "arguments", list, end: node.end - 1 });
    }
    if (ts.isPropertyAssignment(node)) {
      places.push({ kind: "value", start: node.initializer.getStart(), end: node.initializer.end });
      if (ts.isIdentifier(node.name)) keys.push(node.name.text);
    }
    if (ts.isArrayLiteralExpression(node)) {
      for (const element of node.elements) places.push({ kind: "value", start: element.getStart(), end: element.end });
    }
    forEachChild(node, visit);
  };
  visit(parse(text));
  return { setup, text, declared, places, keys, slow: false };
}

/** All functions and constructors that a library has for users, as source text: `conv2d`, `random.uniform`, `new Dense`, `Tensor.from`. */
export function functionsOf(root, library) {
  return functionsIn(library, "", hiddenMembers(root));
}

/** All functions below an object's own names: `random.uniform`, `schedule.cosine`. */
function functionsIn(object, path, hidden, depth = 0) {
  return Object.entries(object).flatMap(([name, value]) => {
    const own = path === "" ? name : `${path}.${name}`;
    if (LEFT_OUT.has(name)) return [];
    if (typeof value === "function") {
      const isClass = /^class\b/.test(Function.prototype.toString.call(value));
      const statics = isClass
        ? Object.getOwnPropertyNames(value)
            .filter((key) => typeof value[key] === "function" && !hidden.has(`${name}.${key}`))
            .map((key) => `${own}.${key}`)
        : [];
      if (isClass) return hidden.has(`${name}.constructor`) ? statics : [`new ${own}`, ...statics];
      return [own];
    }
    return typeof value === "object" && value !== null && depth === 0 ? functionsIn(value, own, hidden, 1) : [];
  });
}

/** Names that can be called or read on a value of one of our classes. */
function membersOf(value, hidden) {
  const members = new Map();
  const levels = [];
  for (let level = value; level !== null && level !== Object.prototype; level = Object.getPrototypeOf(level))
    levels.push(level);
  const isHidden = (name) => levels.some((level) => hidden.has(`${level.constructor.name}.${name}`));
  for (const level of levels) {
    for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(level))) {
      const callable = typeof property.value === "function";
      if (name === "constructor" || members.has(name) || !(callable || property.get) || isHidden(name)) continue;
      members.set(name, callable ? "method" : "accessor");
    }
  }
  return [...members];
}

/**
 * Everything that programs are made of. `run(code)` gives a program's value; examples that do not run as they stand (they need a file, a
 * browser) are left out.
 */
export async function collect(root, library, run) {
  const hidden = hiddenMembers(root);
  const examples = [];
  const methods = [];
  const seen = new Map();
  const keys = new Set(["axis", "shape", "dtype", "keepDims", "size", "name", "length"]);
  for (const code of [...documentedExamples(root), ...EXTRA]) {
    if ([...LEFT_OUT].some((name) => new RegExp(`\\b${name}\\b`).test(code)) || /configureEngine/.test(code)) continue;
    const example = partsOf(code);
    const began = performance.now();
    let values;
    try {
      values = await run(`${example.setup}\nreturn { ${example.declared.join(", ")} };`);
    } catch {
      continue;
    }
    // Agents that are not told how long to learn learn for minutes.
    example.slow = performance.now() - began > 100 || LONG_BY_DEFAULT.test(example.text);
    for (const key of example.keys) keys.add(key);
    examples.push(example);
    const add = (path, value) => {
      if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return;
      if (Array.isArray(value)) {
        for (let i = 0; i < Math.min(value.length, 12); i++) add(`${path}[${i}]`, value[i]);
        return;
      }
      const maker = Object.getPrototypeOf(value)?.constructor?.name;
      // Enough of each kind: tensors of eight examples, models of two.
      const count = seen.get(maker) ?? 0;
      if (example.slow || count >= (maker === "Tensor" ? 8 : 2)) return;
      // What belongs to the platform is not ours to guard: Node 20 ends at once at some arguments of a Blob's own methods.
      if (["Map", "Set", "Promise", "Object", "Blob", undefined].includes(maker)) return;
      seen.set(maker, count + 1);
      for (const [name, kind] of membersOf(value, hidden)) methods.push({ example, target: `${path}.${name}`, kind });
    };
    for (const [name, value] of Object.entries(values)) add(name, value);
  }
  return { examples, methods, functions: functionsIn(library, "", hidden), keys: [...keys], classes: [...seen.keys()] };
}

/** Whatever learns by playing, for as long as nobody says, and networks of 60 million weights. */
export const LONG_BY_DEFAULT = /\b(deepQLearning|reinforce|actorCritic|selfPlay|learnFromPlayer|alexnet)\b/;

/** A program with something wrong in it. */
export function programOf(random, { examples, methods, functions, keys }) {
  const which = random.next();
  if (which < 0.35) return callText(random.pick(functions), random, keys);
  if (which < 0.6) {
    const { example, target, kind } = random.pick(methods);
    return `${example.setup}\n${kind === "method" ? callText(target, random, keys) : `return ${target};`}`;
  }
  let example = random.pick(examples);
  while (example.places.length === 0 || (example.slow && !random.chance(0.02))) example = random.pick(examples);
  return exchanged(example, random, keys);
}

function callText(target, random, keys) {
  const count = random.pick([0, 1, 1, 1, 2, 2, 3, 4]);
  // Often a tensor first, so that what comes second is looked at.
  const values = Array.from({ length: count }, (_, i) =>
    i === 0 && count > 1 && random.chance(0.4) ? "tensor([[1, 2], [3, 4]])" : valueText(random, keys),
  );
  return `return ${target}(${values.join(", ")});`;
}

/** Before a number of rounds, and a number that is more than a sweep has time for. */
const LASTING = /\b((epochs|maxIterations|steps|games|simulations|length)\s*:|(takeSteps|take)\()\s*$/;
const MANY = /1e9|1e308|\*\*/;

/** The example with one place exchanged. */
function exchanged({ text, places }, random, keys) {
  const place = random.pick(places);
  const put = (start, end, value) => text.slice(0, start) + value + text.slice(end);
  const exchange = (start, end) => {
    const value = valueText(random, keys);
    // Billions of epochs are no wrong call, and take as long as they say.
    const lasts = LASTING.test(text.slice(0, start)) && MANY.test(value);
    return put(start, end, lasts ? "(-1)" : `(${value})`);
  };
  if (place.kind === "value") return exchange(place.start, place.end);
  const { list, end } = place;
  const action = random.pick(["exchange", "exchange", "exchange", "drop", "add", "swap", "none"]);
  if (list.length === 0 || action === "add")
    return put(end, end, `${list.length > 0 ? ", " : ""}${valueText(random, keys)}`);
  const i = random.below(list.length);
  const [start, stop] = list[i];
  if (action === "none") return put(list[0][0], list.at(-1)[1], "");
  if (action === "drop")
    return put(i === 0 ? start : list[i - 1][1], i === 0 && list.length > 1 ? list[1][0] : stop, "");
  if (action === "swap" && list.length > 1) {
    const [a, b] = i === 0 ? [list[0], list[1]] : [list[i - 1], list[i]];
    return text.slice(0, a[0]) + text.slice(...b) + text.slice(a[1], b[0]) + text.slice(...a) + text.slice(b[1]);
  }
  return exchange(start, stop);
}
