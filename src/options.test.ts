// Whoever misspells an option is told, wherever options are taken: the sources are searched for public functions, constructors and methods that
// take some, and each is called with a name that no option has. A new one takes part by itself.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import * as inspect from "./inspect/index.ts";
import * as onnx from "./io/onnx/index.node.ts";
import * as nabla from "./node.ts";
import * as play from "./play/index.ts";
import * as plot from "./plot/index.ts";

const root = fileURLToPath(new URL(".", import.meta.url));
const TYPO = "thisIsNoOption";

/** A public function that takes options, and where among its arguments. */
interface Taker {
  name: string;
  call: Call;
  position: number;
}

/** Names under which the sources know what is exported by another. */
const EXPORTED_AS = new Map([
  ["loadMnist", "mnist"],
  ["cosineSchedule", "cosine"],
]);

/** Objects whose functions are public, though their declarations are not exported. */
const NAMESPACES: readonly object[] = [nabla.augment, nabla.schedule, nabla.random, nabla.initialiser];

type Named = Record<string, unknown>;
type Call = (...values: unknown[]) => unknown;
type Constructor = new (...values: unknown[]) => unknown;
const exported: Named = { ...nabla, ...plot, ...inspect, ...onnx, ...play };
const model = () => new nabla.Sequential([new nabla.Dense(2, { activation: "softmax" })], { inputShape: [2] });

/** Instances whose methods take options. */
const instances = new Map<string, () => object>([
  ["Sequential", model],
  ["Model", model],
  ["GRU", () => new nabla.GRU(2)],
  ["LSTM", () => new nabla.LSTM(2)],
  ["SimpleRNN", () => new nabla.SimpleRNN(2)],
  ["Trainer", () => new nabla.Trainer(model(), data)],
  ["Dataset", () => nabla.Dataset.from([1])],
]);

const data = { x: nabla.keep(nabla.zeros([2, 2])), y: nabla.keep(nabla.tensor([0, 1], "int32")) };

/** Arguments before the options, where those are looked at first. */
const ARGUMENTS = new Map<string, readonly unknown[]>([
  ["new Dense", [1]],
  ["Dataset.batch", [1]],
  ["textStreams", [[1, 2, 3]]],
  ["textWindows", [[1, 2], 1]],
  ["augment.shift", [1]],
  ["augment.rotate", [1]],
  ["augment.skew", [1]],
  ["augment.crop", [1]],
  ["augment.cutout", [1]],
  ["augment.normalize", [0, 1]],
  ["readCifar", [new Uint8Array(0)]],
  ["loadSafetensors", ["nowhere"]],
  ["saveSafetensors", ["nowhere/at/all", {}, {}]],
  ["writeSafetensors", [{}, {}]],
  ["writeNpz", [{}]],
  ["saveNpz", ["nowhere/at/all", {}]],
  ["loadParameters", [model(), { tensors: {}, metadata: {} }]],
  ["pyTorchParameters", [model()]],
  ["kerasParameters", [model()]],
  ["kerasModel", [{ tensors: {}, metadata: {} }]],
  ["saveWav", ["nowhere/at/all", data.y]],
  ["readPyTorch", [new Uint8Array(0), "a"]],
  ["writePyTorch", [{}]],
  ["savePyTorch", ["nowhere/at/all", {}]],
  ["saveNpy", ["nowhere/at/all", data.y]],
  ["readNpy", [new Uint8Array(0), "a"]],
  ["readNpz", [new Uint8Array(0), "a"]],
  ["readSafetensors", [new Uint8Array(0), "a"]],
  ["TableEncoder.fit", [nabla.csvRows("")]],
  ["Dataset.paddedBatch", [1]],
  ["new Sequential", [[new nabla.Flatten()]]],
  ["saveTraining", [new nabla.Trainer(model(), data)]],
  ["loadTraining", [nabla.saveTraining(new nabla.Trainer(model(), data)), data]],
  ["generate", [model(), [0]]],
  ["decode", [model(), data.y]],
  ["beamSearch", [model(), [0]]],
  ["resnet", [18]],
  ["vgg", [11]],
  ["new Bidirectional", [new nabla.LSTM(2)]],
  ["new Lambda", [(x: nabla.Tensor) => x]],
  ["confusionMatrix", [model(), data]],
  ["predict", [model(), data.x]],
  ["predictAll", [model(), data.x]],
  ["optimizerByName", ["adam"]],
  ["new Parameter", ["weights", [1]]],
  ["checkGradients", [nabla.sum, []]],
  ["numericalGradient", [nabla.sum, []]],
  ["grad", [nabla.sum]],
  ["valueAndGrad", [nabla.sum]],
  ["custom", [() => 1]],
  ["softmaxCrossEntropy", [nabla.zeros([2, 2]), data.y]],
  ["negativeLogLikelihood", [nabla.zeros([2, 2]), data.y]],
  ["random.bernoulli", [[1], 0.5]],
  ["categorical", [nabla.zeros([2]), 1]],
  ["shuffle", [data.y, 0]],
  ...["saliency", "gradCam", "occlusion", "fastGradient", "iteratedGradient", "layerOutputs", "featureMaps"].map(
    (name): [string, readonly unknown[]] => [name, [model(), data.x]],
  ),
  ...["deadUnits", "activationDistributions"].map((name): [string, readonly unknown[]] => [name, [model(), data.x]]),
  ...["successCurve", "gradientDistributions", "mistakes"].map((name): [string, readonly unknown[]] => [
    name,
    [model(), data],
  ]),
  ...["filters", "weightDistributions"].map((name): [string, readonly unknown[]] => [name, [model()]]),
  ["foolingImages", [model(), 0]],
  ["mistakesIn", [data.x, data.y]],
  ["ensemble", [[model()], data.x]],
  ["ensembleMistakes", [[model()], data]],
  ["new PixelGame", ["game", ["wait"], 1]],
  ["randomPlayer", [play.ticTacToe()]],
  ["minimaxPlayer", [play.ticTacToe()]],
  ["oraclePlayer", [new play.Oracle(play.ticTacToe())]],
  ["averageReturn", [{ act: () => [] }, () => new play.Catch()]],
  ["new QAgent", [new play.Catch()]],
  ["new PolicyAgent", [new play.Catch()]],
  ["deepQLearning", [new play.QAgent(new play.Catch()), () => new play.Catch()]],
  ["actorCritic", [new play.PolicyAgent(new play.Catch()), () => new play.Catch()]],
  ["reinforce", [new play.PolicyAgent(new play.Catch()), () => new play.Catch()]],
  ["new PolicyValueNetwork", [play.ticTacToe()]],
  ["learnFromPlayer", [new play.PolicyValueNetwork(play.ticTacToe()), () => []]],
  ["selfPlay", [new play.PolicyValueNetwork(play.ticTacToe())]],
  ["searchPlayer", [new play.PolicyValueNetwork(play.ticTacToe())]],
  ["playMatch", [play.ticTacToe(), () => [], () => []]],
  ["new BoardEnvironment", [play.ticTacToe(), () => []]],
  ["exportOnnx", [model()]],
  ["saveOnnx", [model(), "/tmp/nabla-never-written.onnx"]],
  ["distributionOf", ["x", data.x]],
]);

/** What users reach as the function or class of that name; `exported` says whether its declaration is. */
function publicOf(name: string, isExported: boolean): unknown {
  const known = EXPORTED_AS.get(name) ?? name;
  if (isExported) return exported[known];
  return NAMESPACES.map((object) => (object as Named)[known]).find((found) => found !== undefined);
}

function publicFunction([first, method]: readonly string[], isExported: boolean): Call | undefined {
  const outer = publicOf(first, isExported);
  if (outer === undefined) return undefined;
  if (method === undefined) return typeof outer === "function" ? (outer as Call) : undefined;
  if (method === "constructor") return (...values) => new (outer as Constructor)(...values);
  if (Object.hasOwn(outer as object, method)) return ((outer as Named)[method] as Call).bind(outer);
  const make = instances.get(first);
  if (make === undefined) throw new Error(`the test needs an instance of ${first}, whose ${method} takes options`);
  const instance = make() as Named;
  return (...values) => (instance[method] as Call).apply(instance, values);
}

/** Whether a parameter holds options: by its name, or by its type. */
function holdsOptions(parameter: ts.ParameterDeclaration): boolean {
  const type = parameter.type?.getText() ?? "";
  return /^options$/i.test(parameter.name.getText()) || /Options\b/.test(type) || /^\{[^}]*\?:/.test(type);
}

function takersIn(file: string): Taker[] {
  const source = ts.createSourceFile(file, readFileSync(`${root}/${file}`, "utf8"), ts.ScriptTarget.Latest, true);
  const found: Taker[] = [];
  const visit = (node: ts.Node, path: readonly string[], isExported: boolean): void => {
    let inner = path;
    const marked = /^export\b/.test(node.getText(source).slice(0, 7));
    const outside = isExported || marked;
    if (ts.isConstructorDeclaration(node)) inner = [...path, "constructor"];
    else if (
      (ts.isFunctionDeclaration(node) || ts.isClassDeclaration(node) || ts.isVariableDeclaration(node)) &&
      node.name
    ) {
      inner = [...path, node.name.getText()];
    } else if (ts.isMethodDeclaration(node)) inner = [...path, node.name.getText()];
    if (ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node) || ts.isConstructorDeclaration(node)) {
      const hidden = /\b(private|protected|abstract)\b/.test(
        node.modifiers?.map((each) => each.getText()).join(" ") ?? "",
      );
      const abstract =
        ts.isConstructorDeclaration(node) && /\babstract class\b/.test(node.parent.getText().slice(0, 200));
      const position = node.parameters.findIndex(holdsOptions);
      const call = position < 0 || hidden || abstract ? undefined : publicFunction(inner, outside);
      const name = inner[1] === "constructor" ? `new ${inner[0]}` : inner.join(".");
      if (call !== undefined && !found.some((other) => other.name === name)) found.push({ name, call, position });
      return;
    }
    ts.forEachChild(node, (child) => visit(child, inner, outside));
  };
  ts.forEachChild(source, (node) => visit(node, [], false));
  return found;
}

const files = (readdirSync(root, { recursive: true }) as string[])
  .map((file) => file.replaceAll("\\", "/"))
  .filter((file) => file.endsWith(".ts") && !/\.test\.ts$|\.generated\.ts$/.test(file));
const takers = files.flatMap(takersIn).sort((a, b) => (a.name < b.name ? -1 : 1));

/** What a call throws, or what it rejects with. */
async function errorOf(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("options", () => {
  test("the search finds what takes options", () => {
    const names = takers.map(({ name }) => name);
    for (const name of ["fit", "new Dense", "new Adam", "random.uniform", "conv2d", "mnist", "Model.call"]) {
      expect(name === "mnist" ? names.includes("loadMnist") : names.includes(name), name).toBe(true);
    }
    expect(names.length).toBeGreaterThan(75);
  });

  test.each(takers)("$name refuses an unknown name", async ({ name, call, position }) => {
    const ways = [undefined, nabla.zeros([2, 2]), "nowhere"].map((value) => new Array<unknown>(position).fill(value));
    const errors: unknown[] = [];
    for (const before of ARGUMENTS.has(name) ? [ARGUMENTS.get(name)!] : ways) {
      errors.push(await errorOf(() => call(...before, { [TYPO]: 1 })));
    }
    const messages = errors.filter((error) => error instanceof TypeError).map((error) => error.message);
    expect(messages).toContainEqual(expect.stringMatching(`there is no option ${TYPO}; the options are .`));
  });
});
