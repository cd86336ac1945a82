// Wrong arguments as source text, so that a call can be printed as the program that repeats it. Each group is chosen as often as any other.

const SCALARS = [
  ...["undefined", "null", "true", "false", "0", "-0", "1", "2", "3", "-1", "-2", "0.5", "1.5", "NaN", "Infinity"],
  ...["-Infinity", "1e9", "-1e9", "2 ** 31", "2 ** 32", "2 ** 53", "1e308", "1e-300", "5n", "-1n", "10n ** 30n"],
];

const TEXTS = [
  ...['""', '"relu"', '"float32"', '"int32"', '"sum"', '"mean"', '"1"', '"NaN"', '":"', '"..."', '"i,j->ij"', '"axis"'],
  ...['"__proto__"', '"constructor"', '"toString"', '"hasOwnProperty"', '"\\u0000"', '"x".repeat(1e6)', '"null"'],
  ...['Symbol("s")', "Symbol.iterator"],
];

const LISTS = [
  ...["[]", "[0]", "[1]", "[-1]", "[1, 2, 3]", "[1.5]", "[NaN]", "[[1, 2], [3, 4]]", "[[1], [2, 3]]", "[[]]", "[[[]]]"],
  ...[
    '["a"]',
    "[null]",
    "[undefined]",
    "[true, false]",
    "[, 1]",
    "[[1, 2], 3]",
    "[1, [2, 3]]",
    "[1n]",
    '[Symbol("s")]',
  ],
  ...[
    "[0, 0]",
    "[2, 2]",
    "[1, 1e9]",
    "[2 ** 20, 2 ** 20]",
    "[-1, -1]",
    "[1, 1, 1, 1, 1, 1, 1, 1, 1]",
    "[[NaN]]",
    "[{}]",
  ],
  ...[
    "new Array(5)",
    "new Array(2 ** 32 - 1)",
    "Array.from({ length: 300 }, (_, i) => i)",
    "[tensor([1, 2])]",
    "[[0, 1]]",
  ],
  "(() => { const a = []; a.push(a); return a; })()",
  "(() => { let a = 1; for (let i = 0; i < 20000; i++) a = [a]; return a; })()",
  "Object.assign([1, 2], { shape: [2], dtype: 'float32', size: 2 })",
];

const BUFFERS = [
  ...["new Uint8Array([1, 2, 3])", "new Float32Array(4)", "new Float64Array([NaN])", "new Int32Array([0, 1])"],
  ...[
    "new BigInt64Array(2)",
    "new BigUint64Array(2)",
    "new Uint32Array([4294967295])",
    "new DataView(new ArrayBuffer(8))",
  ],
  ...["new ArrayBuffer(8)", "new SharedArrayBuffer(8)", "new Uint16Array(0)", "new Uint8ClampedArray([1])"],
];

const FUNCTIONS = [
  ...[
    "() => 1",
    "() => {}",
    "(x) => x",
    "async () => 1",
    "function* () { yield 1; }",
    "class {}",
    "Math.sin",
    "Tensor",
  ],
  ...["() => { throw new Error('mine') }", "() => tensor(NaN)", "(x) => x.sum()", "() => [tensor(1)]", "(x) => [x, x]"],
  ...["() => zeros([3, 3])", "() => null", "() => Promise.reject(new Error('mine'))", "(a, b) => a.add(b)"],
];

const OBJECTS = [
  ...[
    "{}",
    "{ axis: 1 }",
    "{ shape: [2] }",
    '{ dtype: "float32" }',
    "{ length: 3 }",
    "Object.create(null)",
    "{ 0: 1 }",
  ],
  ...[
    "{ valueOf() { return 1; } }",
    "{ toString() { throw new Error('mine'); } }",
    "new Proxy([1, 2], {})",
    "globalThis",
  ],
  ...[
    "new Date(0)",
    "new Date(NaN)",
    "new Map([[1, 2]])",
    "new Set([1])",
    "Promise.resolve(1)",
    "/a/",
    "new WeakMap()",
  ],
  ...[
    "new Error('mine')",
    "JSON",
    "new Proxy({}, { get() { throw new Error('mine'); } })",
    "{ x: 1, y: 2 }",
    "{ type: 'dense' }",
  ],
  ...[
    "(() => { const a = {}; a.a = a; return a; })()",
    "{ __proto__: null, constructor: 1 }",
    "{ then: 1 }",
    "{ name: {} }",
  ],
  ...[
    "Object.freeze({})",
    "{ get shape() { return [2]; } }",
    "new (class Thing {})()",
    "[1, 2].values()",
    "new Number(1)",
  ],
  ...[
    "(function () { return arguments; })(1, 2)",
    "new String('a')",
    "new AbortController().signal",
    "new Boolean(false)",
  ],
];

const TENSORS = [
  ...["tensor(1)", "tensor([1, 2, 3])", "tensor([[1, 2], [3, 4]])", 'tensor([0, 1], "int32")', "tensor([true, false])"],
  ...['tensor([[1.5, 2], [3, 4]], "float64")', "zeros([0])", "zeros([2, 0, 3])", "zeros([0, 2])", "ones([1, 1, 4, 4])"],
  ...[
    "zeros([1, 1, 1, 1, 1, 1, 1, 1])",
    "tensor([[1, 2, 3], [4, 5, 6]]).T",
    "ones([3]).broadcastTo([2, 3])",
    "ones([2, 3, 4])",
  ],
  ...[
    "tensor([NaN, Infinity, -Infinity])",
    "tensor([1, 2]).requireGradient()",
    "tensor([1, 2]).requireGradient().mul(2)",
  ],
  ...[
    "tensor([-1, 5, 1e9])",
    'tensor([-1, 5], "int32")',
    'tensor([[0, 1]], "int32")',
    "arange(6).reshape([2, 3]).slice(1, 0, 3, 2)",
  ],
  ...[
    "(() => { let x; scope(() => { x = tensor([1, 2]); }); return x; })()",
    "ones([1, 3]).flip(1)",
    'tensor(5, "int32")',
  ],
  ...[
    'tensor([[1, 0], [0, 1]], "bool")',
    "ones([2, 2, 2, 2, 2])",
    "tensor([[0.5]])",
    "full([2, 2], 1e38)",
    "tensor([0])",
  ],
];

const THINGS = [
  ...[
    "new Dense(2)",
    "new Sequential([new Dense(2)], { inputShape: [3] })",
    "new SGD({ learningRate: 0.1 })",
    "new Adam()",
  ],
  ...[
    "new Generator(1)",
    "{ x: ones([4, 3]), y: zeros([4, 2]) }",
    "{ x: ones([4, 3]), y: zeros([3, 2]) }",
    "new Flatten()",
  ],
  ...[
    "{ x: tensor(1), y: tensor(2) }",
    "{ x: [[1, 2]], y: [0] }",
    "{ x: ones([2, 3]), y: tensor([0, 1]) }",
    "new Dropout(0.5)",
  ],
  ...[
    "{ x: zeros([0, 3]), y: zeros([0]) }",
    'new Activation("relu")',
    "[new Dense(2), new Dense(1)]",
    "{ x: ones([2, 3]) }",
  ],
];

const GROUPS = [SCALARS, SCALARS, TEXTS, LISTS, LISTS, BUFFERS, FUNCTIONS, OBJECTS, TENSORS, TENSORS, THINGS];

/** Source of a value; in one of eight an object with options, whose names may be those of `keys`. */
export function valueText(random, keys) {
  if (random.chance(1 / 8)) return optionsText(random, keys);
  return random.pick(random.pick(GROUPS));
}

/** `{ batchSize: NaN, axis: [1] }`: some of the names that the library takes, with values of any kind. */
function optionsText(random, keys) {
  const entries = Array.from({ length: random.between(1, 3) }, () => {
    return `${random.pick(keys)}: ${random.pick(random.pick(GROUPS))}`;
  });
  return `{ ${entries.join(", ")} }`;
}
