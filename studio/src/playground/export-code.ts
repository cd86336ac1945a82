// A network of the playground as a program: it makes the same network, does to it what was done, in the same order, and ends with the same numbers.
import { sameButRate } from "./account.ts";
import { FEATURE_CODE } from "./features.ts";
import type { Deed, LayerNumbers, NetworkSettings, TrainingSettings } from "./session.ts";

function optimizerCode({ optimizer, learningRate, momentum, l1, l2 }: TrainingSettings): string {
  const own = optimizer === "momentum" || optimizer === "nesterov" ? { momentum } : {};
  const options = { learningRate, ...(l2 > 0 && { weightDecay: l2 }), ...(l1 > 0 && { l1 }), ...own };
  return `optimizerByName("${optimizer}", ${objectCode(options)})`;
}

function objectCode(values: Readonly<Record<string, unknown>>): string {
  const parts = Object.entries(values).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
  return parts.length === 0 ? "{}" : `{ ${parts.join(", ")} }`;
}

/** `account` is what the session tells; the program needs the package `nabla` and nothing else. */
export function programOf({ network, deeds }: { network: NetworkSettings; deeds: readonly Deed[] }): string {
  const { points, split, features, layers, activation, initialiser, seed, classes } = network;
  const weights = initialiser === "default" ? "" : `, weights: "${initialiser}"`;
  const names = new Set(["Dense", "Sequential", "Trainer", "tensor", "optimizerByName"]);
  const body: string[] = [];
  let settings: TrainingSettings | undefined;
  for (const deed of deeds) {
    if (deed.kind === "steps") body.push(`train(${deed.count});`);
    else if (deed.kind === "weight") {
      body.push(`setWeight(${deed.layer}, ${JSON.stringify(deed.from)}, ${deed.to}, ${deed.value});`);
    } else {
      if (settings === undefined) {
        body.push(`let optimizer: Optimizer = ${optimizerCode(deed.settings)};`);
        body.push(`let trainer = makeTrainer(${deed.settings.batchSize});`);
      } else if (sameButRate(settings, deed.settings)) {
        body.push(`optimizer.learningRate = ${deed.settings.learningRate};`);
      } else {
        const kept = settings.optimizer === deed.settings.optimizer;
        body.push(`change(${optimizerCode(deed.settings)}, ${deed.settings.batchSize}, ${kept});`);
      }
      settings = deed.settings;
    }
  }
  const changes = body.some((line) => line.startsWith("change("));
  const edits = body.some((line) => line.startsWith("setWeight("));
  const values = classes === 1;
  const imports = [...names, "type Optimizer"].sort((a, b) =>
    a.replace("type ", "").localeCompare(b.replace("type ", "")),
  );
  const train = Math.max(1, Math.round((points.length * split) / 100));

  return `// A network of the studio's playground: ${features.length} features, hidden layers [${layers.join(", ")}], ${values ? "one value" : `${classes} classes`}.
// It trains to the same numbers as on the page: npm install nabla, then run this file.
import { ${imports.join(", ")} } from "nabla";

// x, y and the ${values ? "value" : "class"} of each point; the first ${train} are learnt from.
const points: readonly (readonly [number, number, number])[] = [
${points.map(({ x, y, label }) => `  [${x}, ${y}, ${label}],`).join("\n")}
];
const features: readonly ((x: number, y: number) => number)[] = [
${features.map((feature) => `  (${FEATURE_CODE[feature].includes("x") ? "x" : "_x"}, ${FEATURE_CODE[feature].includes("y") ? "y" : "_y"}) => ${FEATURE_CODE[feature]},`).join("\n")}
];
const learnt = points.slice(0, ${train});
const x = tensor(Float32Array.from(learnt.flatMap(([a, b]) => features.map((f) => f(a, b)))), {
  shape: [learnt.length, features.length],
});
${
  values
    ? `const y = tensor(Float32Array.from(learnt.map(([, , value]) => value)), { shape: [learnt.length, 1] });`
    : `const y = tensor(Int32Array.from(learnt.map(([, , label]) => label)), { shape: [learnt.length] });`
}

const layers = [
${layers.map((units) => `  new Dense(${units}, { activation: "${activation}"${weights} }),`).join("\n")}
  new Dense(${classes}, { activation: "${values ? "linear" : "softmax"}"${weights} }),
];
const model = new Sequential(layers, { inputShape: [features.length], seed: ${seed} });

function makeTrainer(batchSize: number): Trainer {
  return new Trainer(
    model,
    { x, y },
    { loss: "${values ? "meanSquaredError" : "softmaxCrossEntropy"}", optimizer, batchSize: Math.min(batchSize, learnt.length), seed: ${seed} },
  );
}

function train(steps: number): void {
  trainer.takeSteps(steps);
}
${
  changes
    ? `
/** Another optimiser from here on; where it is of the same kind, it keeps what it remembers. */
function change(to: Optimizer, batchSize: number, same: boolean): void {
  const { iterations } = optimizer.state();
  if (same && iterations > 0) {
    const slots = Object.entries(optimizer.slots()).map(([name, slot]) => [name, slot.clone()] as const);
    to.restore({ ...to.state(), iterations }, Object.fromEntries(slots));
  }
  optimizer = to;
  trainer = makeTrainer(batchSize);
}
`
    : ""
}${
  edits
    ? `
function setWeight(layer: number, from: number | "bias", to: number, value: number): void {
  const [weights, bias] = layers[layer].parameters.map((parameter) => parameter.tensor);
  const target = from === "bias" ? bias : weights;
  const data = Float32Array.from(target.dataSync() as Float32Array);
  data[from === "bias" ? to : from * bias.size + to] = value;
  model.setWeights(
    model.parameters.map((parameter) =>
      parameter.tensor === target ? tensor(data, { shape: [...target.shape] }) : parameter.tensor,
    ),
  );
}
`
    : ""
}
${body.join("\n")}

${
  values
    ? `console.log("loss", model.call(x).sub(y).square().mean().item());`
    : `const right = model.call(x).argmax(1).equal(y).cast("float32").mean().item();
const loss = model.call(x).log().neg().mul(oneHot(y, ${classes})).sum(1).mean().item();
console.log("loss", loss, "right", right);`
}
for (const { tensor: values } of model.parameters) console.log(JSON.stringify(values.toArray()));
`.replace(
    /import \{ (.*) \} from/,
    (_, list: string) => `import { ${values ? list : list.replace("Sequential", "oneHot, Sequential")} } from`,
  );
}

/** Weights and biases as JSON, with what they belong to. */
export function weightsAsJson(network: NetworkSettings, layers: readonly LayerNumbers[]): string {
  const { features, activation, classes } = network;
  return `${JSON.stringify(
    {
      features,
      classes,
      layers: layers.map(({ weights, bias, inputs, units }, i) => ({
        activation: i < layers.length - 1 ? activation : classes === 1 ? "linear" : "softmax",
        weights: Array.from({ length: inputs }, (_, row) => [...weights.subarray(row * units, (row + 1) * units)]),
        bias: [...bias],
      })),
    },
    null,
    2,
  )}\n`;
}
