// Whether what came of a call is as it should be: an error that the library wrote, or a value that holds together; and whether the engine
// is whole behind it.

/** How errors begin that the language, or WebAssembly, writes. */
const RAW = [
  /^Cannot (read|set|convert|destructure|assign|mix|create|access|define|delete|add|redefine|spread|perform|redeclare)/,
  / is not (a function|iterable|a constructor|defined|an object|async iterable|a valid|extensible)/,
  /^(Invalid (array|typed array|string|array buffer|time|date|count|weak|regular|Version|atomic|DataView|property|code|input)|Maximum call stack)/,
  /^(Offset is outside|offset is out|Start offset|Reduce of empty|Converting circular|Class constructor|Method .* called on|Do not know)/,
  /out of bounds|^unreachable|null reference|function signature|integer overflow|divide by zero|unrepresentable|table index/,
  /^(Unexpected|Array buffer allocation|The (number|argument|value|"|operation|first|second)|Object prototype|Illegal|Derived)/,
  /^(Iterator|Generator|Receiver|Function|Symbol|BigInt|Number|Promise|Proxy|'\w+' called|undefined|null|to\w+\(\)) /,
  /BYTES_PER_ELEMENT|\[object |source is too large|byte length of|start offset of|allocation failed|could not be cloned/i,
];

/** How ours begin: with the operation or what it was about. */
const OURS = /^\S[^\n]{0,200}?: /;

/** Longer messages say too much. */
const LONGEST_MESSAGE = 2000;

/** What is wrong with an error, or undefined. Errors of the program's own lines (it makes wrong ones on purpose) are nobody's fault. */
export function complaintAbout(error) {
  if (!(error instanceof Error)) return ownFault(new Error(String(error))) ? undefined : `threw ${typeof error}`;
  const { name, message } = error;
  if (error.stack?.includes("RuntimeError") || name === "RuntimeError") return `a trap: ${name}: ${message}`;
  if (/^mine\b/.test(message) || ownFault(error)) return undefined;
  if (RAW.some((pattern) => pattern.test(message))) return `raw: ${name}: ${message.slice(0, 200)}${whereOf(error)}`;
  if (message.length > LONGEST_MESSAGE) return `a message of ${message.length} characters: ${message.slice(0, 100)}`;
  if (!OURS.test(message)) return `names no operation: ${name}: ${message.slice(0, 200)}${whereOf(error)}`;
  return undefined;
}

/** Whether the line that threw belongs to the program, not to the library. */
function ownFault(error) {
  const frames = (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  const first = frames.find((line) => /[/\\]dist[/\\]|eval at|wasm/.test(line));
  return first !== undefined && /eval at/.test(first);
}

function whereOf(error) {
  const frames = (error.stack ?? "").split("\n").filter((line) => /[/\\]dist[/\\]/.test(line));
  return frames
    .slice(0, 3)
    .map(
      (line) =>
        ` < ${line
          .trim()
          .replace(/^at /, "")
          .replace(/ ?\(?file:.*dist[/\\]/, " (")}`,
    )
    .join("");
}

const DTYPES = ["float32", "float64", "int32", "bool"];

/** What is wrong with a value that came out, or undefined. Looks into arrays and objects three levels deep. */
export function complaintOf(value, Tensor, depth = 3) {
  if (value instanceof Tensor) return complaintOfTensor(value);
  if (typeof value !== "object" || value === null || depth === 0 || ArrayBuffer.isView(value)) return undefined;
  const prototype = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) return undefined;
  for (const key of Object.keys(value).slice(0, 20)) {
    const complaint = complaintOf(value[key], Tensor, depth - 1);
    if (complaint !== undefined) return `${key}: ${complaint}`;
  }
  return undefined;
}

function complaintOfTensor(x) {
  if (x.storage === undefined || x.storage.address === 0) return undefined;
  const { shape, size, dtype, strides, offset, storage } = x;
  if (!DTYPES.includes(dtype)) return `a tensor of dtype ${String(dtype)}`;
  if (!Array.isArray(shape) || shape.length > 8 || !shape.every((length) => Number.isInteger(length) && length >= 0))
    return `a tensor of shape [${String(shape)}]`;
  if (size !== shape.reduce((product, length) => product * length, 1)) return `shape [${shape}] with size ${size}`;
  if (!strides.every(Number.isInteger) || !Number.isInteger(offset)) return `strides [${strides}], offset ${offset}`;
  if (!Number.isInteger(storage.address) || storage.address % 8 !== 0) return `a storage at ${storage.address}`;
  if (size === 0) return undefined;
  let first = offset;
  let last = offset;
  shape.forEach((length, i) => {
    if (strides[i] < 0) first += strides[i] * (length - 1);
    else last += strides[i] * (length - 1);
  });
  const bytes = dtype === "bool" ? 1 : dtype === "float64" ? 8 : 4;
  if (first < 0 || (last + 1) * bytes > storage.bytes) return `elements ${first} to ${last} of ${storage.bytes} bytes`;
  return undefined;
}

/** A known computation through most kinds of kernels, as text: equal as long as the engine is whole. */
export function fingerprint({ tensor, random, Generator, arange, grad, memory, scope, conv2d }) {
  return scope(() => {
    const generator = new Generator(11);
    const a = random.normal([9, 7], 0, 1, { generator });
    const b = random.uniform([7, 5], -1, 1, { generator, dtype: "float32" });
    const product = a.matmul(b);
    const image = conv2d(a.reshape([1, 1, 9, 7]), b.reshape([1, 1, 7, 5]));
    const parts = [
      ...[
        product,
        product.softmax(1),
        product.sort(0),
        a.T.cumsum(1),
        image,
        a.add(1).mul(a.get(0)),
        a.greater(0).sum(0),
      ],
      ...[
        grad((x) => x.tanh().mul(x).sum())(a),
        arange(70, undefined, 1, "int32").remainder(9),
        a.cast("float64").var?.(),
      ],
      tensor([
        [1, 2],
        [3, 4],
      ]).dot(tensor([5, 6])),
    ];
    const values = parts.filter(Boolean).map((x) => Array.from(new Uint8Array(x.dataSync().buffer)).join(""));
    const { bytes, tensors } = memory();
    const sane = Number.isFinite(bytes) && Number.isFinite(tensors) && tensors > 0;
    return `${sane} ${tensor([2]).requireGradient().mul(3).tracked} ${values.join(" ")}`;
  });
}

/** The least that must be right after every call: cheap enough for that. */
export function pulse({ tensor, memory, scope }) {
  const sum = scope(() => tensor([1, 2, 3]).requireGradient().mul(2));
  const ended = sum.storage.scope !== null;
  const { bytes } = memory();
  if (!sum.tracked) return "operations are no longer recorded";
  if (ended) return "a scope was left open";
  if (!Number.isFinite(bytes) || bytes < 0) return `memory() says ${bytes} bytes`;
  return String(sum.toArray()) === "2,4,6" ? undefined : `2 * [1, 2, 3] is ${sum.toArray()}`;
}
