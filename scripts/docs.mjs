// Writes the reference documentation from the docstrings to docs/reference/ (TypeDoc; its settings are in typedoc.json). Two things TypeDoc can't
// know are added here: which category a name belongs to, and that Tensor's methods are the operations, with their docstrings. The home page says
// what each name is, and formulas are set (formulas.mjs).
import { readFileSync } from "node:fs";
import { dirname, relative } from "node:path";
import { fileURLToPath } from "node:url";
import {
  Application,
  Comment,
  CommentTag,
  Converter,
  ParameterReflection,
  ReflectionFlag,
  ReflectionKind,
  SignatureReflection,
  TSConfigReader,
  TypeDocReader,
} from "typedoc";
import ts from "typescript";
import { setFormulas } from "./formulas.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Categories by name, where a file holds several. */
const CATEGORY_OF_NAME = new Map(
  Object.entries({
    Arithmetic: "erf erfinv diff interp",
    "Comparison and logic": "where allclose nanToNum",
    Reductions: "sum",
    "Engine and memory": "keep scope",
    Indexing: "argwhere Tensor.get Tensor.set Tensor.[iterator]",
    Shapes: "Tensor.T",
    "Automatic differentiation": "Tensor.requireGradient Tensor.gradient Tensor.tracked",
  }).flatMap(([category, names]) => names.split(" ").map((name) => [name, category])),
);

/** Categories by file or folder; the first that matches counts. */
const CATEGORY_OF_FILE = [
  ["src/tensor/create.ts", "Creating"],
  ["src/tensor/random.ts", "Creating"],
  ["src/tensor/memory.ts", "Engine and memory"],
  ["src/tensor/", "Tensors"],
  ["src/engine/dtype.ts", "Tensors"],
  ["src/engine/", "Engine and memory"],
  ["src/ops/onehot.ts", "Creating"],
  ["src/ops/random.ts", "Creating"],
  ["src/ops/grids.ts", "Creating"],
  ["src/ops/statistics.ts", "Reductions"],
  ["src/ops/activations.ts", "Activations"],
  ["src/ops/arithmetic.ts", "Arithmetic"],
  ["src/ops/cast.ts", "Arithmetic"],
  ["src/ops/choice.ts", "Arithmetic"],
  ["src/ops/exponentials.ts", "Arithmetic"],
  ["src/ops/rounding.ts", "Arithmetic"],
  ["src/ops/trigonometry.ts", "Arithmetic"],
  ["src/ops/comparison.ts", "Comparison and logic"],
  ["src/ops/gather.ts", "Indexing"],
  ["src/ops/index", "Indexing"],
  ["src/ops/masks.ts", "Indexing"],
  ["src/ops/sorting.ts", "Sorting and counting"],
  ["src/ops/cumulative.ts", "Reductions"],
  ["src/ops/folding.ts", "Reductions"],
  ["src/ops/reduce.ts", "Reductions"],
  ["src/ops/softmax.ts", "Reductions"],
  ["src/ops/linalg.ts", "Linear algebra"],
  ["src/ops/einsum.ts", "Linear algebra"],
  ["src/ops/matrices/", "Linear algebra"],
  ["src/ops/broadcast.ts", "Shapes"],
  ["src/ops/diagonals.ts", "Shapes"],
  ["src/ops/join.ts", "Shapes"],
  ["src/ops/padding.ts", "Shapes"],
  ["src/ops/repeat.ts", "Shapes"],
  ["src/ops/slices.ts", "Shapes"],
  ["src/ops/views.ts", "Shapes"],
  ["src/ops/losses/", "Losses"],
  ["src/ops/convolution", "Convolution and pooling"],
  ["src/ops/pooling.ts", "Convolution and pooling"],
  ["src/ops/resize.ts", "Convolution and pooling"],
  ["src/ops/normalisation.ts", "Normalisation"],
  ["src/ops/recur", "Recurrent"],
  ["src/autograd/", "Automatic differentiation"],
  ["src/ops/windows.ts", "Convolution and pooling"],
  ["src/nn/models/", "Models by name"],
  ["src/nn/", "Layers"],
  ["src/optim/", "Optimisers"],
  ["src/train/losses.ts", "Losses"],
  ["src/train/", "Training"],
  ["src/data/", "Data"],
  ["src/io/", "Files"],
];

function categoryOf(reflection) {
  const file = reflection.sources?.[0]?.fullFileName;
  const path = file === undefined ? "" : relative(root, file).replaceAll("\\", "/");
  return CATEGORY_OF_NAME.get(reflection.name) ?? CATEGORY_OF_FILE.find(([start]) => path.startsWith(start))?.[1];
}

function setCategory(reflection, category) {
  if (category === undefined) return;
  const holder = reflection.signatures?.[0] ?? reflection.getSignature ?? reflection;
  holder.comment ??= new Comment();
  if (holder.comment.getTag("@category")) return;
  holder.comment.blockTags.push(new CommentTag("@category", [{ kind: "text", text: category }]));
}

/** Parameters for `signature` after those of an operation but its first, or after a tuple type `[axis: number, ...]`. */
function parametersOf(operation, tuple, signature) {
  const given = operation?.parameters?.slice(1) ?? tuple?.elements ?? [];
  return given.map((from) => {
    const parameter = new ParameterReflection(from.name, ReflectionKind.Parameter, signature);
    parameter.type = from.element ?? from.type;
    parameter.defaultValue = from.defaultValue;
    parameter.comment = from.comment?.clone();
    parameter.setFlag(ReflectionFlag.Optional, from.isOptional ?? from.flags.isOptional);
    return parameter;
  });
}

/** Docstrings of the operations that Tensor's methods stand for, by the method. */
const docstrings = new Map();

/** Finds the docstring of `set` for the method that src/ops/methods.ts lists as `{ set }`. */
function readDocstring(context, reflection) {
  const symbol = context.getSymbolFromReflection(reflection);
  const listed = symbol?.declarations?.find(ts.isShorthandPropertyAssignment);
  if (listed === undefined) return;
  const value = context.checker.getShorthandAssignmentValueSymbol(listed);
  const operation = context.checker.getTypeOfSymbolAtLocation(value, listed).symbol.declarations[0];
  docstrings.set(reflection, context.getSignatureComment(operation));
}

/** Turns Tensor's `add: (...rest: [b: TensorLike]) => Tensor`, as the mapped type gives it, into the method `add(b)`. */
function asMethod(project, property) {
  const shape = property.type?.type === "reflection" ? property.type.declaration.signatures?.[0] : undefined;
  if (shape === undefined) return;
  const operation = project.getChildByName([property.name]);
  const documented = operation?.signatures?.[0];
  const signature = new SignatureReflection(property.name, ReflectionKind.CallSignature, property);
  signature.type = shape.type;
  signature.parameters = parametersOf(documented, shape.parameters?.[0]?.type, signature);
  for (const part of [signature, ...signature.parameters]) project.registerReflection(part, undefined, undefined);
  signature.comment = docstrings.get(property);
  if (documented && signature.comment) {
    const link = { kind: "inline-tag", tag: "@link", text: property.name, target: operation };
    const parts = [{ kind: "text", text: "\n\nSee " }, link, { kind: "text", text: "." }];
    signature.comment = new Comment([...signature.comment.summary, ...parts]);
  }
  property.sources = operation?.sources ?? property.sources;
  signature.sources = property.sources;
  property.kind = ReflectionKind.Method;
  property.signatures = [signature];
  property.type = undefined;
}

function complete({ project }) {
  for (const reflection of project.children ?? []) setCategory(reflection, categoryOf(reflection));
  const tensor = project.getChildByName(["Tensor"]);
  if (tensor === undefined) throw new Error("docs: there is no Tensor");
  tensor.extendedTypes = undefined;
  tensor.implementedTypes = undefined;
  for (const member of tensor.children ?? []) {
    if (member.sources?.[0]?.fullFileName.endsWith("src/ops/methods.ts")) asMethod(project, member);
    setCategory(member, CATEGORY_OF_NAME.get(`Tensor.${member.name}`) ?? categoryOf(member));
  }
}

/** The parts of a comment up to the end of its first sentence. */
function firstSentence(parts) {
  const found = [];
  for (const part of parts) {
    if (part.kind !== "text") {
      if (part.kind === "code" && part.text.startsWith("```")) break;
      found.push({ ...part });
      continue;
    }
    const end = /(?<!\b(?:al|e\.g|i\.e))\.(?=\s+[^a-z\s]|\s*$)|:?\s*\n\s*(?:\n|[-*] )/.exec(part.text);
    if (end === null) {
      found.push({ ...part });
      continue;
    }
    found.push({ ...part, text: `${part.text.slice(0, end.index)}.` });
    break;
  }
  return found;
}

/** The home page's parts: the text of reference.md, and where each category begins. */
function introduction(project) {
  const [before, after] = readFileSync(`${root}/scripts/reference.md`, "utf8").split("{@link Tensor}");
  const link = { kind: "inline-tag", tag: "@link", text: "Tensor", target: project.getChildByName(["Tensor"]) };
  const places = project.categories.map(({ title }) => `[${title}](#${title.toLowerCase().replaceAll(" ", "-")})`);
  return [{ kind: "text", text: before }, link, { kind: "text", text: `${after}\n${places.join(" · ")}\n` }];
}

/** Sets the formulas of a docstring; what is thrown and examples stay as they are. */
function setComment(comment, done) {
  const tags = comment.blockTags.filter(({ tag }) => tag === "@summary" || tag === "@returns" || tag === "@remarks");
  const texts = [comment.summary, ...tags.map(({ content }) => content)]
    .flat()
    .filter((part) => part.kind === "text" && !done.has(part));
  setFormulas(texts.map((part) => part.text)).forEach((text, i) => {
    texts[i].text = text;
    done.add(texts[i]);
  });
}

function finish({ project }) {
  for (const name of project.children ?? []) {
    const comment = name.comment ?? name.signatures?.[0]?.comment;
    if (comment && !comment.getTag("@summary"))
      comment.blockTags.push(new CommentTag("@summary", firstSentence(comment.summary)));
  }
  const done = new Set();
  for (const reflection of Object.values(project.reflections))
    if (reflection.comment) setComment(reflection.comment, done);
  project.comment = new Comment(introduction(project));
}

const app = await Application.bootstrap({ options: `${root}/typedoc.json` }, [
  new TypeDocReader(),
  new TSConfigReader(),
]);
app.converter.on(Converter.EVENT_CREATE_DECLARATION, readDocstring);
app.converter.on(Converter.EVENT_RESOLVE_BEGIN, complete, 10);
app.converter.on(Converter.EVENT_RESOLVE_END, finish, -1000);
const project = await app.convert();
if (!project) process.exit(1);
app.validate(project);
await app.generateOutputs(project);
if (app.logger.hasErrors()) process.exit(1);
