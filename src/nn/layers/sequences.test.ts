// Layers of sequences against PyTorch: random configurations, outputs and gradients (test/oracle/sequences.py made the figures).
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  Bidirectional,
  backward,
  type CallContext,
  type DType,
  Generator,
  GRU,
  input,
  LSTM,
  Model,
  MultiHeadAttention,
  type RecurrentLayer,
  type RecurrentOptions,
  SimpleRNN,
  type Symbolic,
  scope,
  type Tensor,
  TransformerDecoder,
  TransformerEncoder,
  tensor,
} from "../../node.ts";

interface OracleArray {
  shape: number[];
  data: number[];
}

type Named = Record<string, OracleArray>;

interface OracleCase {
  name: string;
  attrs: Record<string, unknown>;
  parameters: Named;
  inputs: Named;
  outputs: Named;
  outputGradients: Named;
  inputGradients: Named;
  parameterGradients: Named;
}

const { cases } = JSON.parse(readFileSync(new URL("../../../test/oracle/sequences.json", import.meta.url), "utf8")) as {
  cases: OracleCase[];
};

const made = ({ shape, data }: OracleArray, dtype: DType): Tensor => tensor(Float64Array.from(data), { shape, dtype });

function expectNear(actual: Tensor, expected: OracleArray, dtype: DType, what: string): void {
  expect(actual.shape, what).toEqual(expected.shape);
  const tolerance = dtype === "float64" ? 1e-6 : 1e-4;
  actual.dataSync().forEach((value, i) => {
    const wanted = expected.data[i];
    if (Math.abs(value - wanted) > tolerance * Math.max(1, Math.abs(wanted))) {
      throw new Error(`${what}, element ${i}: got ${value}, expected ${wanted}`);
    }
  });
}

/** A model that computes a case, with PyTorch's names for what it has. */
interface Counterpart {
  model: Model;
  /** Our parameters by the names of PyTorch's. A value per parameter: several of PyTorch's may be one of ours. */
  fill(of: (name: string) => Tensor): Record<string, Tensor>;
  /** PyTorch's gradient of that parameter of ours. */
  gradient(name: string, of: (name: string) => Tensor): Tensor;
  inputs(of: (name: string) => Tensor): Tensor[];
  outputs(ys: readonly Tensor[]): Record<string, Tensor>;
}

/** Steps that count, bool [n, time]. */
function maskFor(lengths: unknown, time: number): Tensor | null {
  if (lengths === null) return null;
  const rows = (lengths as number[]).map((length) => Array.from({ length: time }, (_, t) => t < length));
  return tensor(rows);
}

/** A recurrent layer's names in PyTorch: layer k, backward with `_reverse`. Biases of ours are the sum of two of PyTorch's, but a GRU's. */
function recurrentNames(ours: string, layers: number, both: boolean, kind: string): string[] {
  // "0.lstm.layer2.weights", or "0.bidirectional.forward.weights" of a stack of such.
  const parts = ours.split(".");
  const level = both ? Number(parts[0].slice(1)) : layers === 1 ? 0 : Number(parts.at(-2)!.slice("layer".length)) - 1;
  const suffix = `_l${level}${parts.includes("backward") ? "_reverse" : ""}`;
  const last = parts.at(-1)!;
  if (last === "weights") return [`weight_ih${suffix}`];
  if (last === "stateWeights") return [`weight_hh${suffix}`];
  if (last === "stateBias") return [`bias_hh${suffix}`];
  return kind === "gru" ? [`bias_ih${suffix}`] : [`bias_ih${suffix}`, `bias_hh${suffix}`];
}

function recurrentModel(attrs: Record<string, unknown>, given: OracleCase, dtype: DType): Model {
  const { kind, nonlinearity, layers, bidirectional, units, bias } = attrs as {
    kind: string;
    nonlinearity: "tanh" | "relu";
    layers: number;
    bidirectional: boolean;
    units: number;
    bias: boolean;
  };
  const make = (options: RecurrentOptions): RecurrentLayer => {
    const all = { returnSequences: true, returnState: true, ...(bias ? {} : { bias: null }), ...options };
    if (kind === "rnn") return new SimpleRNN(units, { ...all, activation: nonlinearity });
    return kind === "lstm" ? new LSTM(units, all) : new GRU(units, all);
  };
  const x = input([null, given.inputs["x"].shape[2]]);
  const directions = bidirectional ? 2 : 1;
  const perState = kind === "lstm" ? 2 : 1;
  const first = given.inputs["h"] ? Array.from({ length: layers * directions * perState }, () => input([units])) : [];
  if (!bidirectional) {
    const outputs = make({ layers }).applyAll([x, ...first]);
    return new Model({ inputs: [x, ...first], outputs, dtype });
  }
  let y: Symbolic = x;
  const states: Symbolic[] = [];
  for (let i = 0; i < layers; i++) {
    const own = first.slice(2 * perState * i, 2 * perState * (i + 1));
    const [next, ...last] = new Bidirectional(make({}), { name: `l${i}` }).applyAll([y, ...own]);
    y = next;
    states.push(...last);
  }
  return new Model({ inputs: [x, ...first], outputs: [y, ...states], dtype });
}

function recurrentCounterpart(given: OracleCase, dtype: DType): Counterpart {
  const { attrs } = given;
  const { kind, layers, bidirectional } = attrs as { kind: string; layers: number; bidirectional: boolean };
  const model = recurrentModel(attrs, given, dtype);
  const names = (ours: string): string[] => recurrentNames(ours, layers, bidirectional, kind);
  const states = kind === "lstm" ? ["h", "c"] : ["h"];
  return {
    model,
    fill: (of) =>
      Object.fromEntries(
        model.named.map(
          ({ name }) =>
            [
              name,
              names(name)
                .map(of)
                .reduce((sum, x) => sum.add(x)),
            ] as const,
        ),
      ),
    gradient: (name, of) => of(names(name)[0]),
    // PyTorch: [layers * directions, n, units], ours a list of h, c, h, c, ...
    inputs: (of) => {
      if (!given.inputs["h"]) return [of("x")];
      const count = given.inputs["h"].shape[0];
      return [of("x"), ...Array.from({ length: count }, (_, i) => states.map((state) => of(state).get(i))).flat()];
    },
    outputs: ([y, ...rest]) => {
      const of = (k: number): Tensor => {
        const own = rest.filter((_, i) => i % states.length === k);
        return own.slice(1).reduce((all, x) => stackOnto(all, x), own[0].expandDims(0));
      };
      return { y, ...Object.fromEntries(states.map((state, k) => [state, of(k)])) };
    },
  };
}

function stackOnto(all: Tensor, x: Tensor): Tensor {
  return all
    .pad([
      [0, 1],
      [0, 0],
      [0, 0],
    ])
    .add(
      x.expandDims(0).pad([
        [all.shape[0], 0],
        [0, 0],
        [0, 0],
      ]),
    );
}

/** PyTorch's matrices of attention are [out, in], those of queries, keys and values in one where their sizes are the same. */
function attentionParameter(
  name: string,
  prefix: string,
  of: (name: string) => Tensor,
  has: (name: string) => boolean,
): Tensor {
  const part = name.slice(name.lastIndexOf(".") + 1);
  const at = ["query", "key", "value"].findIndex((which) => part.startsWith(which));
  const weights = part.endsWith("Weights");
  if (at < 0) return weights ? of(`${prefix}out_proj.weight`).T : of(`${prefix}out_proj.bias`);
  if (!weights) return of(`${prefix}in_proj_bias`).split(3)[at];
  if (has(`${prefix}in_proj_weight`)) return of(`${prefix}in_proj_weight`).split(3)[at].T;
  return of(`${prefix}${"qkv"[at]}_proj_weight`).T;
}

function attentionCounterpart(given: OracleCase, dtype: DType): Counterpart {
  const { heads, causal, bias } = given.attrs as { heads: number; causal: boolean; bias: boolean };
  const order = ["query", "value", "key"].filter((name) => given.inputs[name]);
  const inputs = order.map((name) => input([null, given.inputs[name].shape[2]], { name }));
  const layer = new MultiHeadAttention(heads, { causal, returnWeights: true, ...(bias ? {} : { bias: null }) });
  const model = new Model({ inputs, outputs: layer.applyAll(inputs), dtype });
  const has = (name: string): boolean => given.parameters[name] !== undefined;
  return {
    model,
    fill: (of) => Object.fromEntries(model.named.map(({ name }) => [name, attentionParameter(name, "", of, has)])),
    gradient: (name, of) => attentionParameter(name, "", of, has),
    inputs: (of) => order.map(of),
    outputs: ([y, weights]) => ({ y, weights }),
  };
}

function transformerCounterpart(given: OracleCase, dtype: DType): Counterpart {
  const { heads, hidden, decoder, first, activation } = given.attrs as {
    heads: number;
    hidden: number;
    decoder: boolean;
    first: boolean;
    activation: "relu" | "gelu";
  };
  const order = decoder ? ["x", "memory"] : ["x"];
  const inputs = order.map((name) => input([null, given.inputs[name].shape[2]], { name }));
  const Block = decoder ? TransformerDecoder : TransformerEncoder;
  const block = new Block(heads, hidden, { normaliseFirst: first, activation });
  const model = new Model({ inputs, outputs: block.apply(inputs), dtype });
  const parameter = (name: string, of: (name: string) => Tensor): Tensor => {
    const [part, last] = name.split(".").slice(-2);
    if (part === "attention") return attentionParameter(name, "self_attn.", of, () => true);
    if (part === "cross") return attentionParameter(name, "multihead_attn.", of, () => true);
    if (part.startsWith("norm")) return of(`${part}.${last === "gamma" ? "weight" : "bias"}`);
    const theirs = part === "hidden" ? "linear1" : "linear2";
    return last === "weights" ? of(`${theirs}.weight`).T : of(`${theirs}.bias`);
  };
  return {
    model,
    fill: (of) => Object.fromEntries(model.named.map(({ name }) => [name, parameter(name, of)])),
    gradient: parameter,
    inputs: (of) => order.map(of),
    outputs: ([y]) => ({ y }),
  };
}

function counterpartOf(given: OracleCase, dtype: DType): Counterpart {
  if (given.name.startsWith("attention")) return attentionCounterpart(given, dtype);
  return given.attrs["kind"] ? recurrentCounterpart(given, dtype) : transformerCounterpart(given, dtype);
}

describe.each(cases.map((each) => [each.name, each] as const))("%s", (_, given) => {
  test.each(["float64", "float32"] as const)("outputs and gradients are PyTorch's in %s", (dtype) => {
    scope(() => {
      const counterpart = counterpartOf(given, dtype);
      const { model } = counterpart;
      const parameters = counterpart.fill((name) => made(given.parameters[name], dtype));
      for (const { name, parameter } of model.named) parameter.assign(parameters[name].clone());
      const leaves = Object.fromEntries(
        Object.entries(given.inputs).map(([name, x]) => [name, made(x, dtype).requireGradient()]),
      );
      const xs = counterpart.inputs((name) => leaves[name]);
      const lengths = given.attrs["lengths"];
      const masked = given.inputs["value"] ?? given.inputs["memory"] ?? given.inputs["x"] ?? given.inputs["query"];
      const mask = maskFor(lengths, masked.shape[1]);
      const at = xs.length > 1 && (given.inputs["value"] || given.inputs["memory"]) ? 1 : 0;
      const context: CallContext = {
        training: false,
        generator: new Generator(0),
        masks: xs.map((__, i) => (i === at ? mask : null)),
      };
      const ys = counterpart.outputs(model.run(xs, context).outputs);
      let total: Tensor | undefined;
      for (const [name, expected] of Object.entries(given.outputs)) {
        expectNear(ys[name], expected, dtype, name);
        const part = ys[name].mul(made(given.outputGradients[name], dtype)).sum();
        total = total === undefined ? part : total.add(part);
      }
      backward(total!);
      for (const [name, expected] of Object.entries(given.inputGradients)) {
        expectNear(leaves[name].gradient!, expected, dtype, `gradient of ${name}`);
      }
      for (const { name, parameter } of model.named) {
        const expected = counterpart.gradient(name, (theirs) => made(given.parameterGradients[theirs], "float64"));
        const wanted = { shape: [...expected.shape], data: [...expected.clone().dataSync()] };
        expectNear(parameter.tensor.gradient!, wanted, dtype, `gradient of ${name}`);
      }
    });
  });
});
