// WAV, sound as it comes from the microphone: a RIFF file of chunks, one with the format, one with the samples of all channels in turn.
// Source: Multimedia Programming Interface and Data Specifications 1.0 (IBM and Microsoft 1991), and WAVEFORMATEXTENSIBLE.
import { refuseLfsPointer } from "../data/lfs.ts";
import { bytesOfFile, knownOptions, oneOf, text, whole } from "../engine/checks.ts";
import type { Bytes } from "../engine/dtype.ts";
import { quote } from "../engine/quote.ts";
import { checkTensor } from "../tensor/check.ts";
import { tensor } from "../tensor/create.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Damaged } from "./zip.ts";

/** How samples stand in a file: whole numbers of 8 to 32 bits, or floating-point ones. */
export type WavFormat = "pcm8" | "pcm16" | "pcm24" | "pcm32" | "float32" | "float64";

/** A sound. */
export interface Wav {
  /** [channels, samples], float32, from -1 to 1; float64 of a file that has it. */
  samples: Tensor;
  /** Samples a second, in each channel. */
  sampleRate: number;
  format: WavFormat;
}

/** What `writeWav` may be told. */
export interface WavWriteOptions {
  /** Samples a second; default 44100. */
  sampleRate?: number;
  /** Default "pcm16". Whole numbers are rounded to the nearest and end at -1 and 1, floating-point ones are kept as they are. */
  format?: WavFormat;
}

const [PCM, FLOAT, EXTENSIBLE] = [1, 3, 0xfffe];
const BYTES: Record<WavFormat, number> = { pcm8: 1, pcm16: 2, pcm24: 3, pcm32: 4, float32: 4, float64: 8 };
const FORMATS = Object.keys(BYTES) as WavFormat[];
/** What else there is, by the number that files have. */
const OTHERS: Record<number, string> = { 2: "ADPCM", 6: "A-law", 7: "mu-law", 17: "IMA ADPCM", 80: "MPEG", 85: "MP3" };

/**
 * The sound in bytes of a WAV file: PCM of 8, 16, 24 and 32 bits, floating-point of 32 and 64, plain or extensible. A sample of b bits is divided by
 * 2^(b-1), so that it lies from -1 up to, but not including, 1. Chunks of other kinds are passed by.
 * @param name what to call the file in errors.
 * @throws Error naming the file and what is wrong: cut off, no WAV, sound that is compressed.
 * @example
 * ```ts
 * const { samples, sampleRate } = readWav(writeWav(tensor([[0, 0.5, -0.5]]), { sampleRate: 8000 }));
 * samples.shape; // [1, 3]
 * sampleRate; // 8000
 * ```
 */
export function readWav(bytes: Uint8Array, name = "WAV file"): Wav {
  bytesOfFile("readWav", bytes);
  text("readWav", "name", name);
  const damaged: Damaged = (what) => new Error(`${name}: ${what}; the file is damaged or no WAV file`);
  refuseLfsPointer(name, bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (at: number): string => String.fromCharCode(...bytes.subarray(at, at + 4));
  if (word(0) === "RF64" || word(0) === "RIFX")
    throw new Error(`${name}: is a file of the kind ${word(0)}, which is not supported; save it as plain WAV`);
  if (word(0) !== "RIFF" || word(8) !== "WAVE") throw damaged("does not begin as WAV files do");
  let head: Head | undefined;
  for (let at = 12; ; ) {
    if (at + 8 > bytes.length) throw damaged(head === undefined ? "it has no format" : "it has no samples");
    const [id, length] = [word(at), view.getUint32(at + 4, true)];
    const start = at + 8;
    if (id === "fmt ") {
      if (start + length > bytes.length) throw damaged("it ends within its format");
      head = headOf(view, start, length, name, damaged);
    } else if (id === "data") {
      if (head === undefined) throw damaged("samples before their format");
      // Programs that write as they record leave the length open.
      const open = length === 0 || length === 0xffffffff;
      if (!open && start + length > bytes.length)
        throw damaged(`${length} bytes of samples, and ${bytes.length - start} are there`);
      return soundOf(view, start, open ? bytes.length - start : length, head, damaged);
    }
    at = start + length + (length % 2);
  }
}

interface Head {
  readonly channels: number;
  readonly sampleRate: number;
  readonly format: WavFormat;
}

function headOf(view: DataView, at: number, length: number, name: string, damaged: Damaged): Head {
  if (length < 16) throw damaged(`a format of ${length} bytes, and 16 are the fewest`);
  const [code, channels, sampleRate] = [
    view.getUint16(at, true),
    view.getUint16(at + 2, true),
    view.getUint32(at + 4, true),
  ];
  const [block, bits] = [view.getUint16(at + 12, true), view.getUint16(at + 14, true)];
  if (code === EXTENSIBLE && length < 40) throw damaged("an extensible format without what extends it");
  const kind = code === EXTENSIBLE ? view.getUint16(at + 24, true) : code;
  if (kind !== PCM && kind !== FLOAT) {
    throw new Error(
      `${name}: its sound is compressed (${OTHERS[kind] ?? `code ${kind}`}), which is not supported; save it as PCM`,
    );
  }
  const format = FORMATS.find((each) => each === `${kind === PCM ? "pcm" : "float"}${bits}`);
  if (format === undefined)
    throw damaged(`samples of ${bits} bits, and ${kind === PCM ? "8, 16, 24 and 32" : "32 and 64"} are supported`);
  if (channels === 0 || sampleRate === 0) throw damaged(`${channels} channels of ${sampleRate} samples a second`);
  if (block !== channels * BYTES[format]) throw damaged(`${block} bytes for ${channels} samples of ${bits} bits`);
  return { channels, sampleRate, format };
}

function soundOf(
  view: DataView,
  start: number,
  length: number,
  { channels, sampleRate, format }: Head,
  damaged: Damaged,
): Wav {
  const size = BYTES[format];
  if (length % (channels * size) !== 0)
    throw damaged(`${length} bytes of samples, which the ${channels * size} of a moment do not divide`);
  const count = length / (channels * size);
  const values = format === "float64" ? new Float64Array(channels * count) : new Float32Array(channels * count);
  const read = READERS[format];
  for (let i = 0, at = start; i < count; i++) {
    for (let c = 0; c < channels; c++, at += size) values[c * count + i] = read(view, at);
  }
  const dtype = format === "float64" ? "float64" : "float32";
  return { samples: tensor(values, { dtype, shape: [channels, count] }), sampleRate, format };
}

const READERS: Record<WavFormat, (view: DataView, at: number) => number> = {
  // Of eight bits alone the middle is 128.
  pcm8: (view, at) => (view.getUint8(at) - 128) / 2 ** 7,
  pcm16: (view, at) => view.getInt16(at, true) / 2 ** 15,
  pcm24: (view, at) => (view.getUint16(at, true) + view.getInt8(at + 2) * 2 ** 16) / 2 ** 23,
  pcm32: (view, at) => view.getInt32(at, true) / 2 ** 31,
  float32: (view, at) => view.getFloat32(at, true),
  float64: (view, at) => view.getFloat64(at, true),
};

/**
 * A sound as a WAV file.
 * @param samples [channels, samples], or [samples] of one channel, from -1 to 1.
 * @throws RangeError for samples of other shapes, or NaN where whole numbers are written; TypeError for another format than there are.
 * @example
 * ```ts
 * const second = linspace(0, 2 * Math.PI * 440, 44100).sin();
 * const bytes = writeWav(second, { format: "pcm24" });
 * readWav(bytes).format; // "pcm24"
 * ```
 */
export function writeWav(samples: Tensor, options: WavWriteOptions = {}): Bytes {
  const owner = "writeWav";
  checkTensor(owner, samples);
  const { sampleRate = 44100, format = "pcm16" } = knownOptions(owner, options, ["sampleRate", "format"]);
  whole(owner, "sampleRate", sampleRate, 1);
  oneOf(owner, "format", format, FORMATS);
  const shape = samples.rank === 1 ? [1, samples.shape[0]] : samples.shape;
  const [channels, count] = shape;
  if (shape.length !== 2 || channels < 1 || channels > 0xffff || sampleRate > 0xffffffff) {
    throw new RangeError(
      `${owner}: samples must be [channels, samples] or [samples], got shape ${formatShape(samples.shape)} at ${quote(sampleRate)} a second`,
    );
  }
  const size = BYTES[format];
  const length = channels * count * size;
  if (length > 0xffffffff - 100)
    throw new RangeError(`${owner}: ${length} bytes of samples are more than the 4 GiB that a WAV file holds`);
  const values = samples.dataSync();
  const bytes = new Uint8Array(44 + length + (length % 2));
  const view = new DataView(bytes.buffer);
  const words = (at: number, letters: string): void => bytes.set(new TextEncoder().encode(letters), at);
  words(0, "RIFF");
  view.setUint32(4, bytes.length - 8, true);
  words(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, format.startsWith("pcm") ? PCM : FLOAT, true);
  view.setUint16(22, channels, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * channels * size, true);
  view.setUint16(32, channels * size, true);
  view.setUint16(34, 8 * size, true);
  words(36, "data");
  view.setUint32(40, length, true);
  for (let i = 0, at = 44; i < count; i++) {
    for (let c = 0; c < channels; c++, at += size) write(view, at, values[c * count + i], format, owner);
  }
  return bytes;
}

function write(view: DataView, at: number, value: number, format: WavFormat, owner: string): void {
  if (format === "float32") view.setFloat32(at, value, true);
  else if (format === "float64") view.setFloat64(at, value, true);
  else {
    if (Number.isNaN(value))
      throw new RangeError(`${owner}: a sample is NaN, which ${format} does not hold; write float32`);
    const top = 2 ** (8 * BYTES[format] - 1);
    const level = Math.max(-top, Math.min(top - 1, Math.round(value * top)));
    if (format === "pcm8") view.setUint8(at, level + 128);
    else if (format === "pcm16") view.setInt16(at, level, true);
    else if (format === "pcm32") view.setInt32(at, level, true);
    else {
      view.setUint16(at, level & 0xffff, true);
      view.setInt8(at + 2, level >> 16);
    }
  }
}
