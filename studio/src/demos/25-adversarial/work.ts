// A network, an image of its tests changed along the gradient, noise of the same size beside it, and how often each turns an answer.
import { predict, scope, tensor } from "nabla";
import {
  type Attack,
  fastGradient,
  iteratedGradient,
  type PerturbationNorm,
  randomNoise,
  successCurve,
} from "nabla/inspect";
import { imageAt } from "../../../../book/mnist.ts";
import { type DigitNetwork, type Epoch, type NetworkSettings, trainDigits } from "../../compute/digit-networks.ts";

/** Test images to choose from, and those that the curve is measured on. */
const TESTS = 500;
const ATTACKED = 200;
const STEPS = 10;

export type Method = "fast" | "iterated";

let network: DigitNetwork | undefined;

export async function* train(settings: NetworkSettings): AsyncGenerator<Epoch, void> {
  network = yield* trainDigits(settings, TESTS);
}

function trained(): DigitNetwork {
  if (network === undefined) throw new Error("the network is not trained yet");
  return network;
}

interface Question {
  readonly index: number;
  readonly method: Method;
  readonly norm: PerturbationNorm;
  readonly epsilon: number;
  /** A digit to lead to; undefined: away from the true one. */
  readonly target: number | undefined;
  /** Of the noise. */
  readonly seed: number;
}

/** A picture, and what the network makes of it. */
export interface Reading {
  readonly pixels: Float64Array;
  readonly answer: number;
  readonly probabilities: readonly number[];
  /** Of the change that was made, in both norms. */
  readonly length: number;
  readonly largest: number;
}

export interface Shown {
  readonly label: number;
  readonly original: Reading;
  readonly attacked: Reading;
  readonly noisy: Reading;
}

/** One test image: as it is, after the attack, and with noise of the attack's own size. */
export function attack({ index, method, norm, epsilon, target, seed }: Question): Shown {
  const { model, test } = trained();
  const from = imageAt(test, index);
  const label = test.labels[index];
  return scope(() => {
    const x = tensor(Float32Array.from(from), { shape: [1, 1, 28, 28] });
    const options = { epsilon, norm, ...(target === undefined ? { labels: [label] } : { target }) };
    const made: Attack =
      method === "fast" ? fastGradient(model, x, options) : iteratedGradient(model, x, { ...options, steps: STEPS });
    const noise = randomNoise(x, { epsilon: made.x, norm, seed });
    const read = (picture: typeof x): Reading => {
      const pixels = Float64Array.from(picture.dataSync() as Float32Array);
      const probabilities = Array.from(predict(model, picture).dataSync() as Float32Array);
      const moved = pixels.map((value, p) => value - from[p]);
      return {
        ...{ pixels, probabilities, answer: probabilities.indexOf(Math.max(...probabilities)) },
        length: Math.hypot(...moved),
        largest: moved.reduce((most, value) => Math.max(most, Math.abs(value)), 0),
      };
    };
    return { label, original: read(x), attacked: read(made.x), noisy: read(noise) };
  });
}

/** Of the images that are read rightly, the share that is turned at a size. */
export interface Turned {
  readonly epsilon: number;
  readonly fast: number;
  readonly iterated: number;
  readonly noise: number;
  readonly attacked: number;
}

/** The curve, a size at a time. */
export function* curve(norm: PerturbationNorm, epsilons: readonly number[]): Generator<Turned, void> {
  const { model, samples } = trained();
  for (const epsilon of epsilons) {
    yield scope(() => {
      const few = { x: samples.x.slice(0, ATTACKED), y: (samples.y as typeof samples.x).slice(0, ATTACKED) };
      const common = { epsilons: [epsilon], norm };
      const fast = successCurve(model, few, common);
      const iterated = successCurve(model, few, { ...common, attack: "iterated", steps: STEPS });
      const [share] = fast.success;
      return { epsilon, fast: share, iterated: iterated.success[0], noise: fast.noise[0], attacked: fast.attacked };
    });
  }
}
