// The data that all sides train on, drawn from a fixed seed and written to one file: pictures that look a little like digits, text of a language
// with 65 letters, and the initial parameters of every job. Nothing is downloaded, and every run sees the same numbers.
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { parametersOf, SAMPLES, TEXT_BATCHES } from "../jobs.mjs";

const SIDE = 28;

/** Uniform numbers in [0, 1): a 32-bit counter, its bits mixed by two rounds of multiply and shift. */
function uniformFrom(seed) {
  let counter = seed >>> 0;
  return () => {
    counter = (counter + 0x9e3779b9) >>> 0;
    let bits = Math.imul(counter ^ (counter >>> 16), 0x85ebca6b);
    bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
    return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32;
  };
}

function normalFrom(uniform) {
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** Each class is a curve of ink of its own; a picture is its class, moved by up to two pixels, with noise in the ink. */
function images() {
  const uniform = uniformFrom(1);
  const classes = Array.from({ length: 10 }, () => {
    const points = Array.from({ length: 4 }, () => [6 + 16 * uniform(), 6 + 16 * uniform()]);
    const ink = new Float32Array(SIDE * SIDE);
    for (let t = 0; t <= 1; t += 1 / 64) {
      const [row, column] = [0, 1].map((axis) => bezier(points, axis, t));
      for (let i = 0; i < SIDE * SIDE; i++) {
        const distance = (Math.floor(i / SIDE) - row) ** 2 + ((i % SIDE) - column) ** 2;
        ink[i] = Math.max(ink[i], distance < 8 ? Math.exp(-distance / 2) : 0);
      }
    }
    return ink;
  });
  const values = new Float32Array(SAMPLES * SIDE * SIDE);
  const labels = new Int32Array(SAMPLES);
  for (let n = 0; n < SAMPLES; n++) {
    const label = Math.floor(10 * uniform());
    const ink = classes[label];
    // One label in twenty is wrong, so that the loss stays away from 0 however long a job trains.
    labels[n] = uniform() < 0.05 ? Math.floor(10 * uniform()) : label;
    const down = Math.floor(5 * uniform()) - 2;
    const right = Math.floor(5 * uniform()) - 2;
    const start = n * SIDE * SIDE;
    for (let row = 0; row < SIDE; row++) {
      for (let column = 0; column < SIDE; column++) {
        const inside = row + down >= 0 && row + down < SIDE && column + right >= 0 && column + right < SIDE;
        const value = inside ? ink[(row + down) * SIDE + column + right] : 0;
        // Paper is not quite white: where all values of a pooling window are equal, libraries choose differently among them.
        values[start + row * SIDE + column] = value * (0.5 + 0.5 * uniform()) + 0.01 * uniform();
      }
    }
  }
  return { values, labels };
}

function bezier(points, axis, t) {
  const [a, b, c, d] = points.map((point) => point[axis]);
  return (1 - t) ** 3 * a + 3 * t * (1 - t) ** 2 * b + 3 * t * t * (1 - t) * c + t ** 3 * d;
}

/** Letters that mostly follow from the letter before: [batches, steps, batch], and the letters that come next. */
function text(words, steps, batch) {
  const uniform = uniformFrom(2);
  const follower = Array.from({ length: words }, () => Math.floor(words * uniform()));
  const count = TEXT_BATCHES * steps * batch;
  const tokens = new Int32Array(count);
  const next = new Int32Array(count);
  for (let series = 0; series < TEXT_BATCHES * batch; series++) {
    const first = Math.floor(series / batch) * steps * batch + (series % batch);
    let letter = Math.floor(words * uniform());
    for (let step = 0; step < steps; step++) {
      tokens[first + step * batch] = letter;
      letter = uniform() < 0.7 ? follower[letter] : Math.floor(words * uniform());
      next[first + step * batch] = letter;
    }
  }
  return { tokens, next };
}

/** Writes everything that `jobs` need to `file`; returns where each array stands: {name: {dtype, shape, start (bytes)}}. */
export function writeData(file, jobs) {
  const arrays = {};
  const descriptor = openSync(file, "w");
  let start = 0;
  const put = (name, shape, values) => {
    arrays[name] = { dtype: values instanceof Int32Array ? "int32" : "float32", shape, start };
    writeSync(descriptor, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    start += values.byteLength;
  };
  const needs = (...inputs) => jobs.some((job) => inputs.includes(job.input) && job.kind === "training");
  if (needs("images", "vectors")) {
    const { values, labels } = images();
    put("images", [SAMPLES, SIDE * SIDE], values);
    put("labels", [SAMPLES], labels);
  }
  for (const job of jobs) {
    if (job.input === "text") {
      const { tokens, next } = text(job.layers[0].words, job.steps, job.batch);
      put(`tokens.${job.id}`, [TEXT_BATCHES, job.steps, job.batch], tokens);
      put(`next.${job.id}`, [TEXT_BATCHES, job.steps, job.batch], next);
    }
    const normal = normalFrom(uniformFrom(3));
    for (const [index, layer] of (job.layers ?? []).entries()) {
      for (const { name, shape, deviation } of parametersOf(layer, job.initial)) {
        const length = shape.reduce((product, side) => product * side, 1);
        put(
          `${job.id}.${index}.${name}`,
          shape,
          Float32Array.from({ length }, () => deviation * normal()),
        );
      }
    }
  }
  closeSync(descriptor);
  return { file, arrays };
}

/** Reads arrays back: a function from a name to its values. */
export function readData({ file, arrays }) {
  const bytes = readFileSync(file);
  return (name) => {
    const { dtype, shape, start } = arrays[name];
    const length = shape.reduce((product, side) => product * side, 1);
    const buffer = bytes.buffer.slice(bytes.byteOffset + start, bytes.byteOffset + start + 4 * length);
    return { shape, values: dtype === "int32" ? new Int32Array(buffer) : new Float32Array(buffer) };
  };
}
