// What a reader said that pictures are, for networks to learn from: kept in the browser, and written to a file and read from one as JSON.
import { remember, remembered } from "../state/memory.ts";

export interface Correction {
  readonly digit: number;
  /** 784 bytes from 0 (paper) to 255 (ink). */
  readonly pixels: Uint8Array;
}

const KEY = "digit-corrections";
const FORMAT = "nabla-digit-corrections";
const PIXELS = 784;
export const MOST = 500;

export function correctionOf(digit: number, pixels: ArrayLike<number>): Correction {
  return { digit, pixels: Uint8Array.from(pixels, (value) => Math.round(255 * value)) };
}

export const toBase64 = (pixels: Uint8Array): string => btoa(String.fromCharCode(...pixels));

export function toJson(corrections: readonly Correction[]): string {
  const list = corrections.map(({ digit, pixels }) => ({ digit, pixels: toBase64(pixels) }));
  return JSON.stringify({ format: FORMAT, version: 1, corrections: list }, null, 1);
}

/** @throws Error that says what is wrong with the file. */
export function fromJson(text: string): Correction[] {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch (error) {
    throw new Error(`no JSON: ${(error as Error).message}`);
  }
  const { format, version, corrections } = (read ?? {}) as Record<string, unknown>;
  if (format !== FORMAT || !Array.isArray(corrections)) throw new Error(`its format is not "${FORMAT}"`);
  if (version !== 1) throw new Error(`its version is ${JSON.stringify(version)}; this studio reads version 1`);
  if (corrections.length > MOST) throw new Error(`it has ${corrections.length} corrections; ${MOST} are taken at most`);
  return corrections.map((entry: unknown, i) => {
    const { digit, pixels } = (entry ?? {}) as Record<string, unknown>;
    if (!Number.isInteger(digit) || Number(digit) < 0 || Number(digit) > 9) {
      throw new Error(`correction ${i + 1}: digit is ${JSON.stringify(digit)}, not a whole number from 0 to 9`);
    }
    const bytes = typeof pixels === "string" ? bytesOf(pixels) : undefined;
    if (bytes?.length !== PIXELS) throw new Error(`correction ${i + 1}: pixels are not ${PIXELS} bytes in base64`);
    return { digit: Number(digit), pixels: bytes };
  });
}

function bytesOf(base64: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}

export function kept(): Correction[] {
  try {
    return fromJson(remembered(KEY) ?? toJson([]));
  } catch {
    // Of another version, or changed by hand: the reader begins anew.
    return [];
  }
}

export function keep(corrections: readonly Correction[]): void {
  remember(KEY, corrections.length === 0 ? undefined : toJson(corrections));
}

/** Short enough for an address: paper is counted, ink is written. Base64 as addresses take it. */
export function toAddress(corrections: readonly Correction[]): string {
  return corrections.map(({ digit, pixels }) => `${digit}${packed(pixels)}`).join(".");
}

/** What can't be read as a correction is left out. */
export function fromAddress(text: string): Correction[] {
  return text.split(".").flatMap((part) => {
    const pixels = /^\d/.test(part) ? unpacked(part.slice(1)) : undefined;
    return pixels === undefined ? [] : [{ digit: Number(part[0]), pixels }];
  });
}

function packed(pixels: Uint8Array): string {
  const bytes: number[] = [];
  for (let i = 0; i < PIXELS; ) {
    const stretch = (ink: boolean): number => {
      let end = i;
      while (end < PIXELS && end - i < 255 && pixels[end] > 0 === ink) end += 1;
      return end - i;
    };
    const paper = stretch(false);
    i += paper;
    const ink = stretch(true);
    bytes.push(paper, ink, ...pixels.subarray(i, i + ink));
    i += ink;
  }
  return btoa(String.fromCharCode(...bytes)).replace(/[+/=]/g, (sign) => ({ "+": "-", "/": "_" })[sign] ?? "");
}

function unpacked(text: string): Uint8Array | undefined {
  const bytes = bytesOf(text.replaceAll("-", "+").replaceAll("_", "/"));
  if (bytes === undefined) return undefined;
  const pixels: number[] = [];
  for (let i = 0; i < bytes.length; ) {
    const [paper, ink = 0] = bytes.subarray(i, i + 2);
    pixels.push(...new Array<number>(paper).fill(0), ...bytes.subarray(i + 2, i + 2 + ink));
    if (pixels.length > PIXELS) return undefined;
    i += 2 + ink;
  }
  return pixels.length === PIXELS ? Uint8Array.from(pixels) : undefined;
}
