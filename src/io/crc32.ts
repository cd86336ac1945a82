// The checksum of zip archives: the remainder by the polynomial 0xEDB88320 (ISO 3309), eight bytes a step (Kounavis and Berry 2005).

let tables: Uint32Array[] | undefined;

/** tables[k][b]: what byte b does to the remainder k bytes later. */
function makeTables(): Uint32Array[] {
  const first = Uint32Array.from({ length: 256 }, (_, byte) => {
    let rest = byte;
    for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
    return rest;
  });
  const all = [first];
  for (let k = 1; k < 8; k++) {
    const before = all[k - 1];
    all.push(before.map((rest) => (rest >>> 8) ^ first[rest & 255]));
  }
  return all;
}

/** The CRC-32 of the bytes, as an unsigned number. */
export function crc32(bytes: Uint8Array): number {
  tables ??= makeTables();
  const [t0, t1, t2, t3, t4, t5, t6, t7] = tables;
  let rest = 0xffffffff;
  let at = 0;
  for (const end = bytes.length - 7; at < end; at += 8) {
    rest ^= bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
    rest =
      t7[rest & 255] ^
      t6[(rest >>> 8) & 255] ^
      t5[(rest >>> 16) & 255] ^
      t4[rest >>> 24] ^
      t3[bytes[at + 4]] ^
      t2[bytes[at + 5]] ^
      t1[bytes[at + 6]] ^
      t0[bytes[at + 7]];
  }
  for (; at < bytes.length; at++) rest = (rest >>> 8) ^ t0[(rest ^ bytes[at]) & 255];
  return ~rest >>> 0;
}
