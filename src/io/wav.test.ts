// WAV: files of Python's wave module, every format there and back, and what is damaged.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { inFolder, runPython, whyNoPython } from "../../test/python.ts";
import { loadWav, readWav, saveWav, scope, tensor, type WavFormat, writeWav } from "../node.ts";

/** What Python 3.11's wave wrote: two channels of 16 bits, 8000 a second, frames (0, 1), (-32768, 32767), (256, -256). */
const PYTHON =
  "524946463000000057415645666d74201000000001000200401f0000007d000004001000646174610c000000000001000080ff7f000100ff";
const bytesOf = (hex: string) => Uint8Array.from(hex.match(/../g)!, (byte) => Number.parseInt(byte, 16));

test("what Python's wave writes", () => {
  const { samples, sampleRate, format } = readWav(bytesOf(PYTHON));
  expect([sampleRate, format]).toEqual([8000, "pcm16"]);
  expect(samples.toArray()).toEqual([
    [0, -1, 256 / 32768],
    [1 / 32768, 32767 / 32768, -256 / 32768],
  ]);
  expect(writeWav(samples, { sampleRate: 8000 })).toEqual(bytesOf(PYTHON));
});

const FORMATS: WavFormat[] = ["pcm8", "pcm16", "pcm24", "pcm32", "float32", "float64"];

test("property: every format comes back, and to its own precision", () => {
  const values = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 2, maxLength: 40 });
  fc.assert(
    fc.property(values, fc.constantFrom(...FORMATS), fc.integer({ min: 1, max: 192000 }), (list, format, sampleRate) =>
      scope(() => {
        const x = tensor(list.slice(0, list.length - (list.length % 2)), {
          shape: [2, Math.floor(list.length / 2)],
          dtype: "float64",
        });
        const first = writeWav(x, { format, sampleRate });
        const back = readWav(first);
        expect([back.format, back.sampleRate, back.samples.shape]).toEqual([format, sampleRate, x.shape]);
        // 32 bits are more than float32 holds: they come back to it.
        const step = format === "float64" ? 0 : format === "pcm8" ? 2 ** -7 : format === "pcm16" ? 2 ** -15 : 2 ** -23;
        const numbers = x.dataSync();
        back.samples.dataSync().forEach((value, i) => {
          expect(Math.abs(value - numbers[i])).toBeLessThanOrEqual(step);
        });
        if (format !== "pcm32") expect(writeWav(back.samples, { format, sampleRate })).toEqual(first);
      }),
    ),
  );
});

test("extensible formats, other chunks, odd lengths, and a length that was left open", () => {
  const plain = writeWav(tensor([0.5, -0.5, 0.25]), { format: "pcm8", sampleRate: 8000 });
  const chunk = (id: string, data: number[]) => [
    ...new TextEncoder().encode(id),
    data.length,
    0,
    0,
    0,
    ...data,
    ...(data.length % 2 ? [0] : []),
  ];
  const format = [0xfe, 0xff, 1, 0, 0x40, 0x1f, 0, 0, 0x40, 0x1f, 0, 0, 1, 0, 8, 0, 22, 0, 8, 0, 4, 0, 0, 0, 1, 0];
  const extensible = chunk("fmt ", [...format, ...new Array<number>(40 - format.length).fill(0)]);
  const file = Uint8Array.from([
    ...plain.slice(0, 12),
    ...chunk("LIST", [1, 2, 3]),
    ...extensible,
    ...chunk("data", [192, 64, 160]),
  ]);
  expect(readWav(file).samples.toArray()).toEqual([[0.5, -0.5, 0.25]]);
  const open = writeWav(tensor([0.5, -0.5]), { format: "pcm8" });
  new DataView(open.buffer).setUint32(40, 0xffffffff, true);
  expect(readWav(open).samples.toArray()).toEqual([[0.5, -0.5]]);
});

test("louder than 1 ends there, NaN has no place among whole numbers", () => {
  expect(readWav(writeWav(tensor([2, -2]))).samples.toArray()).toEqual([[32767 / 32768, -1]]);
  expect(() => writeWav(tensor([Number.NaN]))).toThrow("writeWav: a sample is NaN, which pcm16 does not hold");
  expect(() => writeWav(tensor([[[1]]]))).toThrow(
    "writeWav: samples must be [channels, samples] or [samples], got shape (1, 1, 1)",
  );
});

const damaged = (at: number, value: number) => {
  const bytes = bytesOf(PYTHON);
  bytes[at] = value;
  return bytes;
};
test.each<[string, Uint8Array, RegExp]>([
  ["nothing", new Uint8Array(0), /does not begin as WAV files do/],
  ["cut", bytesOf(PYTHON).slice(0, -1), /12 bytes of samples, and 11 are there/],
  ["no samples", bytesOf(PYTHON).slice(0, 36), /it has no samples/],
  ["MP3 within", damaged(20, 85), /its sound is compressed \(MP3\)/],
  ["12 bits", damaged(34, 12), /samples of 12 bits, and 8, 16, 24 and 32 are supported/],
  ["no channel", damaged(22, 0), /0 channels/],
  ["blocks of another length", damaged(32, 3), /3 bytes for 2 samples of 16 bits/],
  ["half a moment", damaged(40, 10), /10 bytes of samples, which the 4 of a moment do not divide/],
])("%s", (_, bytes, message) => {
  expect(() => readWav(bytes, "a.wav")).toThrow(message);
  expect(() => readWav(bytes, "a.wav")).toThrow(/^a\.wav: /);
});

const absent = whyNoPython("wave");
test.skipIf(absent)(`on disk; Python's wave reads it (${absent ?? "wave"})`, async () => {
  await inFolder(async (folder) => {
    await saveWav(join(folder, "a.wav"), tensor([[0, 0.5, -1]]), { sampleRate: 16000, format: "pcm24" });
    const shown = runPython(
      "wave",
      'import wave\nw = wave.open("a.wav")\nprint(w.getparams()[:4], w.readframes(9).hex())',
      folder,
    );
    expect(shown.trim()).toBe("(1, 3, 16000, 3) 000000000040000080");
    expect((await loadWav(join(folder, "a.wav"))).samples.toArray()).toEqual([[0, 0.5, -1]]);
    writeFileSync(join(folder, "b.wav"), "no");
    await expect(loadWav(join(folder, "b.wav"))).rejects.toThrow("b.wav: does not begin as WAV files do");
  });
});
