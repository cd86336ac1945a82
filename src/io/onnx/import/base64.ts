// Bytes in text and back, in every JavaScript engine.

/** Characters that String.fromCharCode takes at a time. */
const CHUNK = 0x8000;

/** Bytes as base64. */
export function base64(bytes: Uint8Array): string {
  let binary = "";
  for (let i = 0; i < bytes.length; i += CHUNK) binary += String.fromCharCode(...bytes.subarray(i, i + CHUNK));
  return btoa(binary);
}

/** The bytes of base64. @throws Error for what is none. */
export function bytesOfBase64(text: string): Uint8Array {
  let binary: string;
  try {
    binary = atob(text);
  } catch {
    throw new Error("onnx: the graph is not in base64; the file is damaged");
  }
  return Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
}
