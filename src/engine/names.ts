// Names that people write and names that there are. An unknown one is answered with the nearest, or with what the thing is called here, where it
// has another name in Keras or PyTorch. Names are looked up in maps only: an object has more names than were put into it ("constructor").
import { quote } from "./quote.ts";

/** Names of options and of things by name in Keras and PyTorch, and what each may be called here: what applies is the first that there is. */
const ELSEWHERE = new Map<string, readonly string[]>(
  Object.entries({
    // Training
    lr: ["learningRate"],
    eta: ["learningRate"],
    stepSize: ["every", "learningRate"],
    numEpochs: ["epochs"],
    nEpochs: ["epochs"],
    maxEpochs: ["epochs"],
    iterations: ["epochs", "maxIterations"],
    validationData: ["validation"],
    validData: ["validation"],
    valData: ["validation"],
    validationSet: ["validation"],
    valSplit: ["validationSplit"],
    testSize: ["validationSplit"],
    criterion: ["loss"],
    lossFunction: ["loss"],
    lossFn: ["loss"],
    objective: ["loss"],
    cost: ["loss"],
    optim: ["optimizer"],
    scheduler: ["schedule"],
    lrScheduler: ["schedule"],
    learningRateSchedule: ["schedule"],
    hooks: ["callbacks"],
    randomState: ["seed"],
    randomSeed: ["seed"],
    abortSignal: ["signal"],
    minDelta: ["minimumChange"],
    threshold: ["minimumChange"],
    restoreBestWeights: ["restoreBest"],
    // Optimisers and schedules
    wd: ["weightDecay"],
    l2: ["weightDecay"],
    decay: ["weightDecay"],
    betas: ["beta1 and beta2"],
    eps: ["epsilon"],
    rho: ["decay"],
    alpha: ["decay"],
    maxNorm: ["clipNorm"],
    globalClipnorm: ["clipNorm"],
    gradientClip: ["clipNorm"],
    params: ["groups"],
    paramGroups: ["groups"],
    gamma: ["factor", "divisor"],
    decayRate: ["factor"],
    milestones: ["at"],
    decaySteps: ["length"],
    tMax: ["length"],
    totalSteps: ["length"],
    totalIters: ["length"],
    t0: ["length"],
    tMult: ["lengthFactor"],
    etaMin: ["minimum"],
    minLr: ["minimum"],
    endLearningRate: ["end"],
    pctStart: ["rise"],
    divFactor: ["startDivisor"],
    finalDivFactor: ["endDivisor"],
    annealStrategy: ["curve"],
    warmupSteps: ["warmUp"],
    tol: ["gradientTolerance"],
    maxIter: ["maxIterations"],
    // Data
    separator: ["delimiter"],
    sep: ["delimiter"],
    fieldDelim: ["delimiter"],
    hasHeader: ["header"],
    label: ["target"],
    labelName: ["target"],
    dropRemainder: ["dropLast"],
    keepLast: ["dropLast"],
    bucketBoundaries: ["boundaries"],
    bucketBatchSizes: ["batchSize"],
    paddingValues: ["padding"],
    paddedShapes: ["length"],
    elementLengthFunc: ["length"],
    featureRange: ["range"],
    fillMode: ["fill"],
    fillValue: ["fill"],
    cval: ["fill"],
    p: ["probability"],
    imageSize: ["size"],
    targetSize: ["size"],
    colorMode: ["channels"],
    bufferSize: ["buffer"],
    // Layers
    activate: ["activation"],
    nonlinearity: ["activation"],
    useBias: ["bias"],
    kernelInitializer: ["weights"],
    weightInitializer: ["weights"],
    initializer: ["weights"],
    initialiser: ["weights"],
    init: ["weights"],
    biasInitializer: ["bias"],
    kernelRegularizer: ["kernelPenalty"],
    depthwiseInitializer: ["depthwiseWeights"],
    pointwiseInitializer: ["pointwiseWeights"],
    depthwiseRegularizer: ["depthwisePenalty"],
    pointwiseRegularizer: ["pointwisePenalty"],
    alphaInitializer: ["alpha"],
    alphaRegularizer: ["penalty"],
    alphaConstraint: ["constraint"],
    countIncludePad: ["countIncludePadding"],
    interpolation: ["method"],
    numGroups: ["groups"],
    normalize: ["normalise"],
    numClasses: ["classes"],
    nClasses: ["classes"],
    batchNorm: ["batchNormalization"],
    auxLogits: ["auxiliary"],
    inputDim: ["inputShape"],
    batchInputShape: ["inputShape"],
    // Sequences
    numLayers: ["layers"],
    goBackwards: ["direction"],
    recurrentInitializer: ["stateWeights"],
    recurrentWeights: ["stateWeights"],
    unitForgetBias: ["forgetBias"],
    resetAfter: ["reset"],
    recurrentRegularizer: ["recurrentPenalty"],
    interLayerDropout: ["layerDropout"],
    mergeMode: ["merge"],
    paddingIdx: ["maskZero"],
    embeddingsInitializer: ["weights"],
    embeddingsRegularizer: ["kernelPenalty"],
    embeddingsConstraint: ["kernelConstraint"],
    keyDim: ["keySize"],
    kdim: ["keySize"],
    valueDim: ["valueSize"],
    vdim: ["valueSize"],
    outputShape: ["outputSize"],
    isCausal: ["causal"],
    useCausalMask: ["causal"],
    attnMask: ["mask"],
    attentionMask: ["mask"],
    needWeights: ["returnWeights"],
    returnAttentionScores: ["returnWeights"],
    normFirst: ["normaliseFirst"],
    normalizeFirst: ["normaliseFirst"],
    layerNormEps: ["epsilon"],
    attentionDropout: ["dropout"],
    dropoutP: ["dropout"],
    // Operations
    dim: ["axis", "axes"],
    axis: ["axes"],
    normalizedShape: ["axes"],
    strides: ["stride"],
    pad: ["padding"],
    dilationRate: ["dilation"],
    filterGroups: ["groups"],
    reduce: ["reduction"],
    weight: ["classWeights", "sampleWeights", "weights"],
    weights: ["sampleWeights"],
    posWeight: ["positiveWeight"],
    classWeight: ["classWeights"],
    gradientAccumulationSteps: ["accumulate"],
    accumulationSteps: ["accumulate"],
    accumulateGradBatches: ["accumulate"],
    emaMomentum: ["averageDecay"],
    emaDecay: ["averageDecay"],
    ema: ["averageDecay"],
    weightedMetrics: ["metrics"],
    smoothing: ["labelSmoothing"],
    ignoreLabel: ["ignoreIndex"],
    type: ["dtype"],
    rng: ["generator"],
    sequenceLength: ["lengths"],
    reverse: ["direction"],
    recurrentActivation: ["nonlinearity"],
    from: ["start"],
    begin: ["start"],
    end: ["stop"],
    to: ["stop"],
    until: ["stop"],
    by: ["step"],
    stride: ["step"],
    // Engine
    backend: ["engine"],
    device: ["engine"],
    numThreads: ["threads"],
    workers: ["threads"],
    numWorkers: ["threads"],
    memoryLimit: ["maximumBytes"],
    maxMemory: ["maximumBytes"],
    // Things by name
    mse: ["meanSquaredError"],
    mae: ["meanAbsoluteError"],
    l1Loss: ["meanAbsoluteError"],
    mseLoss: ["meanSquaredError"],
    smoothL1: ["huber"],
    bce: ["crossEntropy"],
    binaryCrossentropy: ["crossEntropy"],
    categoricalCrossentropy: ["softmaxCrossEntropy"],
    sparseCategoricalCrossentropy: ["softmaxCrossEntropy"],
    nll: ["softmaxCrossEntropy"],
    nllLoss: ["softmaxCrossEntropy"],
    klDiv: ["klDivergence"],
    klDivLoss: ["klDivergence"],
    kullbackLeiblerDivergence: ["klDivergence"],
    hingeEmbedding: ["hinge"],
    cosineSimilarity: ["cosineDistance"],
    cosineEmbeddingLoss: ["cosineDistance"],
    poissonNll: ["poisson"],
    poissonNllLoss: ["poisson"],
    poissonNegativeLogLikelihood: ["poisson"],
    gaussianNll: ["gaussian"],
    gaussianNllLoss: ["gaussian"],
    gaussianNegativeLogLikelihood: ["gaussian"],
    acc: ["accuracy"],
    auc: ["areaUnderCurve"],
    rocAuc: ["areaUnderCurve"],
    f1Score: ["f1"],
    r2Score: ["r2"],
    top5: ["top5Accuracy"],
    topKCategoricalAccuracy: ["top5Accuracy"],
    rmse: ["rootMeanSquaredError"],
    valLoss: ["validationLoss"],
    valAccuracy: ["validationAccuracy"],
    valAcc: ["validationAccuracy"],
    swish: ["silu"],
    identity: ["linear"],
    none: ["linear"],
    logistic: ["sigmoid"],
    glorotNormal: ["xavier"],
    glorotUniform: ["xavierUniform"],
    xavierNormal: ["xavier"],
    heNormal: ["he"],
    kaimingNormal: ["he"],
    kaimingUniform: ["heUniform"],
    randomNormal: ["normal"],
    linear: ["dense"],
    fullyConnected: ["dense"],
    batchNorm1d: ["batchNormalization"],
    batchNorm2d: ["batchNormalization"],
    layerNorm: ["layerNormalization"],
    groupNorm: ["groupNormalization"],
    localResponseNorm: ["localResponseNormalization"],
    convTranspose2d: ["conv2dTranspose"],
    maxPool1d: ["maxPooling1d"],
    maxPool2d: ["maxPooling2d"],
    avgPool1d: ["averagePooling1d"],
    avgPool2d: ["averagePooling2d"],
    adaptiveAvgPool2d: ["adaptiveAveragePooling2d"],
    adaptiveMaxPool2d: ["adaptiveMaxPooling2d"],
    dropout2d: ["spatialDropout2d"],
    upsample: ["upSampling2d"],
    concat: ["concatenate"],
    f32: ["float32"],
    f64: ["float64"],
    double: ["float64"],
    float: ["float32"],
    int: ["int32"],
    boolean: ["bool"],
  }),
);

/** Options that are something else here: what to do instead. */
const INSTEAD = new Map<string, string>(
  Object.entries({
    units: "the number of units is the first argument, new Dense(10)",
    outFeatures: "the number of outputs is the first argument, new Dense(10)",
    inFeatures: "a layer learns its inputs' size from the model's inputShape",
    inputShape: "the shape of an input belongs to the model, new Sequential([...], { inputShape: [784] })",
    filters: "the number of filters is the first argument, new Conv2D(32, 3)",
    outChannels: "the number of filters is the first argument, new Conv2D(32, 3)",
    inChannels: "a layer learns its inputs' channels from the model's inputShape",
    numFeatures: "a layer learns its inputs' channels from the model's inputShape",
    dataFormat: "images are [n, channels, height, width], sequences [n, time, features]; a Permute layer moves axes",
    paddingMode: "a convolution pads with zeros; a layer of your own may call pad(...) before it",
    targetShape: "the shape is the argument before the options, new Reshape([1, 28, 28])",
    dims: "the order is the argument before the options, new Permute([2, 1])",
    stddev: "the deviation is the argument before the options, new GaussianNoise(0.1)",
    scaleFactor: "the factors are the argument before the options, new UpSampling2D(2)",
    inputSize: "a layer learns its inputs' size from the model's inputShape",
    momentum: 'momentum is an optimiser of its own, new Momentum({ momentum: 0.9 }) or optimizer: "momentum"',
    nesterov: 'Nesterov\'s momentum is an optimiser of its own, new Nesterov() or optimizer: "nesterov"',
    kernelRegularizer: "weight decay is the optimiser's, new SGD({ weightDecay: 0.001 })",
    regularizer: "weight decay is the optimiser's, new SGD({ weightDecay: 0.001 })",
    weightDecay: "weight decay is the optimiser's, optimizer: new AdamW({ weightDecay: 0.01 })",
    fromLogits: "from logits starts softmaxCrossEntropy or binaryCrossEntropyWithLogits, the others from probabilities",
    hiddenSize: "the number of units is the first argument, new LSTM(32)",
    batchFirst: "batches come first, [n, time, features], always",
    bidirectional: "put the layer into another that reads both ways, new Bidirectional(new LSTM(32))",
    numHeads: "the number of heads is the first argument, new MultiHeadAttention(8)",
    nhead: "the number of heads is the first argument, new TransformerEncoder(8, 512)",
    dimFeedforward: "the hidden units are the second argument, new TransformerEncoder(8, 512)",
    intermediateDim: "the hidden units are the second argument, new TransformerEncoder(8, 512)",
    embedDim: "a layer learns its inputs' size from what it is applied to",
    dModel: "a layer learns its inputs' size from what it is applied to",
    numEmbeddings: "the number of words is the first argument, new Embedding(1000, 32)",
    embeddingDim: "the size of the vectors is the second argument, new Embedding(1000, 32)",
    kernelSize: "the size is an argument before the options",
    poolSize: "the size is an argument before the options",
    requiresGrad: "call requireGradient() on the tensor",
    sampleWeight: "the weights of samples go with the data, fit(model, { x, y, sampleWeights }, { ... })",
    sampleWeights: "the weights of samples go with the data, fit(model, { x, y, sampleWeights }, { ... })",
    patience: "stopping early is a callback, callbacks: [earlyStopping({ patience: 5 })]",
    earlyStopping: "stopping early is a callback, callbacks: [earlyStopping({ patience: 5 })]",
    x: "the data are an argument before the options, fit(model, { x, y }, { ... })",
    y: "the data are an argument before the options, fit(model, { x, y }, { ... })",
  }),
);

/** `batch_size` as it would be written here: batchSize. */
function inCamelCase(name: string): string {
  return name.replace(/[_-]+([a-z0-9])/gi, (_, letter: string) => letter.toUpperCase());
}

/** Letters to insert, to leave out or to change (Levenshtein 1965) until `a` is `b`. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + Number(a[i - 1] !== b[j - 1])));
    }
    row = next;
  }
  return row[b.length];
}

/** The one of `names` that is most like `name`, if any is like it: not a third of its letters differ, or it is the beginning. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  const wanted = inCamelCase(name.slice(0, 40)).toLowerCase();
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of names) {
    const lower = candidate.toLowerCase();
    const begins = wanted.length >= 4 && (lower.startsWith(wanted) || wanted.startsWith(lower));
    const distance = editDistance(wanted, lower);
    if (distance < least && (begins || distance <= Math.max(1, Math.floor(wanted.length / 3)))) {
      [best, least] = [candidate, distance];
    }
  }
  return best;
}

/** What a name of Keras' or PyTorch's is called here. */
function calledHere(name: string, names: readonly string[]): string | undefined {
  const known = (candidate: string): boolean => candidate.split(" and ").every((part) => names.includes(part));
  const camel = inCamelCase(name.slice(0, 40));
  const lower = camel.charAt(0).toLowerCase() + camel.slice(1);
  return ELSEWHERE.get(lower)?.find(known);
}

/** A remark on an unknown name, to stand behind it: " (here it is learningRate)", " (did you mean epochs?)", or nothing. */
export function hintAt(name: string, names: readonly string[]): string {
  const here = calledHere(name, names);
  if (here !== undefined) return ` (here it is ${here})`;
  const like = nearest(name, names);
  return like === undefined ? "" : ` (did you mean ${like}?)`;
}

/** The same for an option, which may also be something else here. */
export function hintAtOption(name: string, names: readonly string[]): string {
  const camel = inCamelCase(name.slice(0, 40));
  const instead = INSTEAD.get(camel);
  if (instead === undefined || names.includes(camel) || calledHere(name, names) !== undefined)
    return hintAt(name, names);
  return ` (${instead})`;
}

/**
 * What has that name.
 * @throws TypeError for a name that there is not, with the nearest and all that there are.
 */
export function byNameIn<Value>(what: string, name: unknown, values: ReadonlyMap<string, Value>): Value {
  const found = values.get(name as string);
  if (found !== undefined) return found;
  const names = [...values.keys()];
  const hint = typeof name === "string" ? hintAt(name, names) : "";
  throw new TypeError(`${what}: unknown name ${quote(name)}${hint}; use one of ${names.join(", ")}`);
}
