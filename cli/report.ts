// The report of a training run: one HTML file with what one wants to know afterwards. How good is the network, how did it
// get there, what does it mistake for what, what does it look at, and how is the run repeated.
import type { Chart, Language, NetworkLayer, PointSeries, Text } from "../src/plot/chart.ts";
import { say } from "../src/plot/chart.ts";
import { imageAddress } from "../src/plot/images.ts";
import { filtersChart } from "../src/plot/inside.ts";
import { escapeMarkup } from "../src/plot/markup.ts";
import type { Block, KeyFigure, Section } from "../src/plot/page.ts";
import { renderPage } from "../src/plot/page.ts";
import { formatNumber, formatPercent } from "../src/plot/scale.ts";

export interface RunReport {
  readonly title: string;
  readonly status: RunStatus;
  readonly config: RunConfiguration;
  readonly network: readonly NetworkRow[];
  /** One entry an epoch, in order. */
  readonly history: readonly EpochRecord[];
  /** On the test set; null where it was not reached. */
  readonly testAccuracy: number | null;
  readonly testLoss: number | null;
  readonly classNames: readonly string[];
  /** `confusion[label][prediction]`: counts on the test set. */
  readonly confusion?: readonly (readonly number[])[];
  /** Largest loss first. */
  readonly worstMistakes?: readonly Mistake[];
  readonly firstLayerWeights?: FirstLayerWeights;
  readonly totals: RunTotals;
}

export type RunStatus =
  /** With a remark where the run has learnt nothing. */
  | { readonly kind: "finished"; readonly remark?: Text | null }
  /** Stopped by the user after `epoch` complete epochs; `resume` is the command that goes on. */
  | { readonly kind: "interrupted"; readonly epoch: number; readonly resume?: string }
  | { readonly kind: "non-finite"; readonly epoch: number; readonly step: number; readonly loss: number };

export interface RunConfiguration {
  readonly dataset: string;
  /** Numbers of images. */
  readonly trainingImages?: number;
  readonly validationImages?: number;
  readonly testImages?: number;
  /** Units from input to output: `[784, 30, 10]`. */
  /** "784-100-10", or a line of layers. */
  readonly network: string;
  /** Everything else that decides the result, as it is to be shown: `learning rate`, `batch size`, … */
  readonly hyperparameters: Readonly<Record<string, string | number | boolean>>;
  readonly engine: string;
  readonly threads: number;
  readonly seed: number;
  /** The command that repeats the run. */
  readonly command: string;
}

export interface NetworkRow {
  readonly name: string;
  /** Without the batch. */
  readonly outputShape: readonly number[];
  readonly parameters: number;
}

export interface EpochRecord {
  readonly epoch: number;
  readonly loss: number;
  readonly accuracy?: number | null;
  readonly validationLoss?: number | null;
  readonly validationAccuracy?: number | null;
  readonly testLoss?: number | null;
  readonly testAccuracy?: number | null;
  readonly seconds: number;
  readonly learningRate?: number | null;
}

export interface Mistake {
  readonly width: number;
  readonly height: number;
  /** One byte a pixel, 0 paper, 255 ink; of pictures in colour three: red, green and blue. */
  readonly pixels: ArrayLike<number>;
  readonly label: number;
  readonly prediction: number;
  /** Given to the prediction. */
  readonly probability: number;
  /** One a class, where the network gives them. */
  readonly probabilities?: ArrayLike<number>;
  readonly loss: number;
}

export interface FirstLayerWeights {
  readonly width: number;
  readonly height: number;
  /** Of the filters of a convolution: 1 or 3; left out for the weights from a picture to neurons. */
  readonly channels?: number;
  /** The layer, where they are filters of a convolution. */
  readonly filtersOf?: string;
  /** How many there are, where these are some of them. */
  readonly count?: number;
  /** `channels * width * height` weights for each neuron or filter. */
  readonly neurons: readonly ArrayLike<number>[];
}

export interface RunTotals {
  readonly seconds: number;
  readonly samplesPerSecond: number;
  readonly parameters: number;
}

const mostMistakes = 40;
const mostNeurons = 60;

/** The page as HTML: self-contained, usable offline. The text of the run is escaped. */
export function buildReport(run: RunReport, language: Language = "en"): string {
  const sections: Section[] = [
    { blocks: [{ kind: "figures", figures: keyFigures(run) }] },
    { heading: words.training, blocks: trainingBlocks(run) },
    ...confusionSections(run),
    ...mistakeSections(run, language),
    { heading: words.network, blocks: networkBlocks(run) },
    ...weightSections(run),
    { heading: words.repeat, blocks: configurationBlocks(run) },
  ];
  return renderPage({
    title: run.title,
    kicker: words.kicker,
    badge: badgeOf(run.status),
    lead: leadOf(run),
    sections,
    footer: words.footer,
    language,
    styles,
  });
}

function badgeOf(status: RunStatus): { text: Text; tone: "good" | "neutral" | "bad" } {
  if (status.kind === "finished") {
    return { text: { en: "finished", zh: "已完成" }, tone: status.remark ? "neutral" : "good" };
  }
  if (status.kind === "interrupted") return { text: { en: "interrupted", zh: "已中断" }, tone: "neutral" };
  return { text: { en: "stopped", zh: "已停止" }, tone: "bad" };
}

function leadOf({ status, config, history }: RunReport): Text {
  const what = { en: dataLine(config, history.length, "en"), zh: dataLine(config, history.length, "zh") };
  if (status.kind === "finished") {
    const { remark } = status;
    return remark ? { en: `${what.en} ${say(remark, "en")}`, zh: `${what.zh}${say(remark, "zh")}` } : what;
  }
  if (status.kind === "interrupted") {
    const { epoch, resume } = status;
    return {
      en: `${what.en} Interrupted after ${epoch} complete ${epoch === 1 ? "epoch" : "epochs"}.${resume === undefined ? "" : ` To go on: ${resume}`}`,
      zh: `${what.zh}在完成 ${epoch} 个轮次后中断。${resume === undefined ? "" : `继续训练：${resume}`}`,
    };
  }
  return {
    en: `${what.en} Stopped in epoch ${status.epoch}, step ${status.step}: the loss became ${status.loss}. What is shown is the last good state; a lower learning rate usually helps.`,
    zh: `${what.zh}在第 ${status.epoch} 轮第 ${status.step} 步停止：损失变为 ${status.loss}。此处为最后的有效状态；通常应降低学习率。`,
  };
}

function dataLine(config: RunConfiguration, epochs: number, language: Language): string {
  const uses: [number | undefined, { en: string; zh: string }][] = [
    [config.trainingImages, { en: "to train on", zh: "用于训练" }],
    [config.validationImages || undefined, { en: "to validate", zh: "用于验证" }],
    [config.testImages, { en: "to test", zh: "用于测试" }],
  ];
  const counts = uses.filter(([count]) => count !== undefined);
  const parts = counts.map(([count, use], i) => {
    const number = formatNumber(count ?? 0, 9);
    return language === "en" ? `${number}${i === 0 ? " images" : ""} ${use.en}` : `${number} 张${use.zh}`;
  });
  const data = parts.length === 0 ? config.dataset : `${config.dataset}: ${parts.join(", ")}`;
  return language === "en"
    ? `${data}; ${epochs} ${epochs === 1 ? "epoch" : "epochs"}.`
    : `${data.replace(": ", "：").replace(/, /g, "，")}；共 ${epochs} 个轮次。`;
}

function keyFigures(run: RunReport): KeyFigure[] {
  const { totals, history, testAccuracy, testLoss } = run;
  const figures: KeyFigure[] = [];
  const tested = run.confusion?.reduce((sum, row) => sum + row.reduce((a, b) => a + b, 0), 0);
  if (testAccuracy !== null) {
    const wrong = tested === undefined ? undefined : tested - correctOf(run.confusion ?? []);
    figures.push({
      label: words.testAccuracy,
      value: formatPercent(testAccuracy),
      note:
        wrong === undefined || tested === undefined
          ? undefined
          : {
              en: `${formatNumber(wrong, 9)} of ${formatNumber(tested, 9)} wrong`,
              zh: `${formatNumber(tested, 9)} 中有 ${formatNumber(wrong, 9)} 个错误`,
            },
    });
  }
  const best = bestEpoch(history);
  if (best !== undefined) {
    figures.push({
      label: best.validated
        ? { en: "Best validation accuracy", zh: "最佳验证准确率" }
        : { en: "Best test accuracy", zh: "最佳测试准确率" },
      value: formatPercent(best.accuracy),
      note: { en: `epoch ${best.epoch} of ${history.length}`, zh: `第 ${best.epoch} 轮，共 ${history.length} 轮` },
    });
  }
  if (testLoss !== null) figures.push({ label: words.testLoss, value: formatNumber(testLoss) });
  figures.push({ label: words.parameters, value: formatNumber(totals.parameters, 9) });
  const perEpoch = history.reduce((sum, record) => sum + record.seconds, 0) / Math.max(1, history.length);
  figures.push({
    label: words.time,
    value: duration(totals.seconds),
    note: { en: `${formatNumber(perEpoch, 3)} s an epoch`, zh: `每轮 ${formatNumber(perEpoch, 3)} 秒` },
  });
  figures.push({
    label: words.speed,
    value: formatNumber(Math.round(totals.samplesPerSecond), 9),
    note: { en: "images a second", zh: "图像/秒" },
  });
  return figures;
}

function bestEpoch(
  history: readonly EpochRecord[],
): { epoch: number; accuracy: number; validated: boolean } | undefined {
  const validated = history.some((record) => isNumber(record.validationAccuracy));
  let best: { epoch: number; accuracy: number; validated: boolean } | undefined;
  for (const record of history) {
    const accuracy = validated ? record.validationAccuracy : record.testAccuracy;
    if (!isNumber(accuracy) || accuracy <= (best?.accuracy ?? Number.NEGATIVE_INFINITY)) continue;
    best = { epoch: record.epoch, accuracy, validated };
  }
  return best;
}

function trainingBlocks(run: RunReport): Block[] {
  const { history } = run;
  if (history.length === 0) return [{ kind: "text", text: words.noEpoch }];
  const epochs = history.map((record) => record.epoch);
  const curve = (name: Text, key: keyof EpochRecord, colour: number): PointSeries[] => {
    const y = history.map((record) => record[key] ?? null);
    return y.some(isNumber) ? [{ name, x: epochs, y, colour }] : [];
  };
  const losses = [
    ...curve(words.trained, "loss", 0),
    ...curve(words.validation, "validationLoss", 1),
    ...curve(words.test, "testLoss", 2),
  ];
  const accuracies = [
    ...curve(words.trained, "accuracy", 0),
    ...curve(words.validation, "validationAccuracy", 1),
    ...curve(words.test, "testAccuracy", 2),
  ];
  const blocks: Block[] = [];
  const chart = (title: Text, series: PointSeries[], format: "number" | "percent", log = false) => {
    if (series.length === 0) return;
    const xAxis = { label: words.epoch };
    const yAxis = { format, scale: log ? "log" : "linear" } as const;
    blocks.push({ kind: "chart", chart: { kind: "line", title, xAxis, yAxis, series }, height: 330 });
  };
  chart(words.lossTitle, losses, "number", spansDecades(losses));
  chart(words.accuracyTitle, accuracies, "percent");
  const rates = curve(words.learningRate, "learningRate", 4);
  if (new Set(history.map((record) => record.learningRate ?? null)).size > 1) {
    chart(words.learningRateTitle, rates, "number", spansDecades(rates));
  }
  return blocks;
}

/** A loss that falls through two powers of ten is only legible on a logarithmic axis. */
function spansDecades(series: readonly PointSeries[]): boolean {
  const values = series.flatMap((each) => Array.from(each.y)).filter(isNumber);
  return values.every((value) => value > 0) && Math.max(...values) > 100 * Math.min(...values);
}

function correctOf(confusion: readonly (readonly number[])[]): number {
  return confusion.reduce((sum, row, label) => sum + row[label], 0);
}

function confusionSections(run: RunReport): Section[] {
  const { confusion, classNames } = run;
  if (confusion === undefined) return [];
  const chart: Chart = {
    kind: "confusion",
    title: { en: "What is read as what", zh: "混淆矩阵：标签与识别结果" },
    classes: classNames,
    counts: confusion,
  };
  const columnTotal = (column: number) => confusion.reduce((sum, row) => sum + row[column], 0);
  const rows = confusion.map((row, label) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    const read = columnTotal(label);
    const correct = row[label];
    return [
      classNames[label],
      read === 0 ? "–" : formatPercent(correct / read, 1),
      total === 0 ? "–" : formatPercent(correct / total, 1),
      total + read === 0 ? "–" : formatPercent((2 * correct) / (total + read), 1),
      formatNumber(total, 9),
    ];
  });
  const number = "number" as const;
  const blocks: Block[] = [
    { kind: "chart", chart, height: 500, caption: commonMistakes(run) },
    {
      kind: "table",
      table: {
        title: { en: "Class by class", zh: "各类别指标" },
        columns: [
          { label: { en: "class", zh: "类别" } },
          { label: { en: "precision", zh: "精确率" }, align: number },
          { label: { en: "recall", zh: "召回率" }, align: number },
          { label: "F1", align: number },
          { label: { en: "images", zh: "图像数" }, align: number },
        ],
        rows,
      },
    },
  ];
  return [{ heading: words.mistakes, blocks }];
}

function commonMistakes({ confusion, classNames }: RunReport): Text | undefined {
  const pairs: { label: string; prediction: string; count: number }[] = [];
  confusion?.forEach((row, label) => {
    row.forEach((count, prediction) => {
      if (label !== prediction && count > 0) {
        pairs.push({ label: classNames[label], prediction: classNames[prediction], count });
      }
    });
  });
  if (pairs.length === 0) return undefined;
  const most = pairs.sort((a, b) => b.count - a.count).slice(0, 3);
  return {
    en: `Most often: ${most.map((each) => `${each.label} read as ${each.prediction} (${each.count})`).join(", ")}.`,
    zh: `最常见：${most.map((each) => `${each.label} 识别为 ${each.prediction}（${each.count} 次）`).join("，")}。`,
  };
}

function mistakeSections(run: RunReport, language: Language): Section[] {
  const mistakes = (run.worstMistakes ?? []).slice(0, mostMistakes);
  if (mistakes.length === 0) return [];
  const cards = mistakes.map((mistake) => mistakeCard(mistake, run.classNames, language));
  return [
    {
      heading: { en: "Its worst mistakes", zh: "最严重的错误" },
      blocks: [
        {
          kind: "text",
          text: {
            en: "Test images with the largest loss: the network was sure of another class. The bars are its probabilities by class, orange for what it read, green for the label.",
            zh: "损失最大的测试图像：网络确信是另一个类别。条形为各类别的概率，橙色为识别结果，绿色为标签。",
          },
        },
        { kind: "markup", markup: mistakeList(cards, language) },
      ],
    },
  ];
}

/** Mistakes that are shown at once; the others are when asked. */
const FIRST_MISTAKES = 8;

function mistakeList(cards: readonly string[], language: Language): string {
  const list = (some: readonly string[]) => `<ul class="mistakes">\n${some.join("\n")}\n</ul>`;
  if (cards.length <= FIRST_MISTAKES) return list(cards);
  const count = cards.length - FIRST_MISTAKES;
  const more = { en: `${count} more`, zh: `其余 ${count} 个` }[language];
  return `${list(cards.slice(0, FIRST_MISTAKES))}\n<details><summary>${more}</summary>\n${list(cards.slice(FIRST_MISTAKES))}</details>`;
}

function mistakeCard(mistake: Mistake, classNames: readonly string[], language: Language): string {
  const nameOf = (index: number) => classNames[index] ?? String(index);
  const [label, prediction] = [escapeMarkup(nameOf(mistake.label)), escapeMarkup(nameOf(mistake.prediction))];
  const sentence = { en: `${label} read as ${prediction}`, zh: `${label} 识别为 ${prediction}` }[language];
  const given = mistake.probabilities ?? { length: 0 };
  const probabilities =
    given.length > 0
      ? Array.from(given)
      : classNames.map((_, index) => (index === mistake.prediction ? mistake.probability : 0));
  const bars = probabilities.map((probability, index) => {
    const tone = index === mistake.prediction ? ' class="read"' : index === mistake.label ? ' class="true"' : "";
    const height = Math.round(1000 * Math.min(1, Math.max(0, probability || 0))) / 10;
    return `<i${tone} style="height:${height}%" title="${escapeMarkup(nameOf(index))}: ${formatPercent(probability, 1)}"></i>`;
  });
  // The names below the bars, where they are short enough to be digits or letters.
  const short = classNames.every((name) => name.length === 1);
  const names = short
    ? `<div class="names">${classNames.map((name) => `<span>${escapeMarkup(name)}</span>`).join("")}</div>`
    : "";
  const chance = formatPercent(mistake.probability, 1);
  const note = `${chance} · ${say(words.loss, language)} ${formatNumber(mistake.loss, 3)}`;
  const isColoured = mistake.pixels.length > mistake.width * mistake.height;
  const address = imageAddress(mistake, isColoured ? "rgb" : "ink");
  return `<li class="keep"><img${isColoured ? "" : ' class="ink"'} src="${address}" width="${mistake.width}" height="${mistake.height}" alt="${sentence}"><div><p>${sentence}</p><small>${note}</small><div class="bars">${bars.join("")}</div>${names}</div></li>`;
}

function networkBlocks(run: RunReport): Block[] {
  const number = "number" as const;
  const total = run.network.reduce((sum, row) => sum + row.parameters, 0);
  const rows = run.network.map((row) => [row.name, row.outputShape.join(" × "), formatNumber(row.parameters, 9)]);
  const table: Block = {
    kind: "table",
    table: {
      columns: [
        { label: { en: "layer", zh: "层" } },
        { label: { en: "output", zh: "输出" }, align: number },
        { label: { en: "parameters", zh: "参数" }, align: number },
      ],
      rows: [...rows, [{ en: "in total", zh: "合计" }, "", formatNumber(total, 9)]],
    },
  };
  const layers = diagramLayers(run.network);
  // Of more columns than this nothing is seen.
  if (layers.length === 0 || layers.length > 16) return [table];
  return [{ kind: "chart", chart: { kind: "network", layers }, height: 330 }, table];
}

/** The columns of the diagram: a layer without parameters that keeps its shape is a note on the one before it. */
function diagramLayers(rows: readonly NetworkRow[]): NetworkLayer[] {
  const layers: { name: string; shape: readonly number[]; notes: string[] }[] = [];
  for (const row of rows) {
    const before = layers[layers.length - 1];
    const sameShape = before !== undefined && before.shape.join() === row.outputShape.join();
    if (sameShape && row.parameters === 0) before.notes.push(row.name);
    else layers.push({ name: row.name, shape: row.outputShape, notes: [] });
  }
  return layers.map(({ name, shape, notes }) => {
    const note = notes.length === 0 ? undefined : notes.join(", ");
    if (shape.length >= 2) {
      const [count, height, width] = shape.length === 2 ? [1, shape[0], shape[1]] : shape;
      return { name, note, maps: { count, height, width } };
    }
    return { name, note, units: shape[0] ?? 1 };
  });
}

function weightSections(run: RunReport): Section[] {
  const weights = run.firstLayerWeights;
  if (weights === undefined || weights.neurons.length === 0) return [];
  const { width, height, neurons, channels = 1, filtersOf, count = neurons.length } = weights;
  const shown = neurons.slice(0, mostNeurons);
  const isFilters = filtersOf !== undefined;
  const chart = filtersChart(
    { channels, height, width, filters: shown },
    { most: shown.length, colours: isFilters ? "shades" : "diverging" },
  );
  const images = chart.images.map((image, i) => {
    const address = imageAddress(image, image.colours ?? chart.colours);
    return `<li class="keep"><img src="${address}" width="${width}" height="${height}" alt="">${i + 1}</li>`;
  });
  const more: { en: string; zh: string } =
    count === shown.length
      ? { en: "", zh: "" }
      : {
          en: ` The first ${shown.length} of ${count}.`,
          zh: `此处为 ${count} 个中的前 ${shown.length} 个。`,
        };
  const text: Text = isFilters
    ? {
        en: `The filters of ${filtersOf}, ${height} by ${width}: ${channels === 1 ? "lighter for smaller (more negative) weights, darker for larger ones" : "their weights on red, green and blue"}, each by its own range.${more.en}`,
        zh: `${filtersOf} 的滤波器，${height}×${width}：${channels === 1 ? "权重越小（越负）越浅，越大越深" : "对红、绿、蓝三个通道的权重"}，各按自己的范围。${more.zh}`,
      }
    : {
        en: `The weights from the image to each neuron of the first layer, each by its own largest: ink on orange excites the neuron, ink on blue inhibits it.${more.en}`,
        zh: `从图像到第一层每个神经元的权重，按各自的最大值缩放：橙色处的笔画使神经元兴奋，蓝色处的笔画使其抑制。${more.zh}`,
      };
  const heading: Text = isFilters
    ? { en: "What its filters look for", zh: "滤波器寻找的图案" }
    : { en: "What each hidden neuron looks for", zh: "每个隐藏神经元寻找的图案" };
  return [
    {
      heading,
      blocks: [
        { kind: "text", text },
        { kind: "markup", markup: `<ol class="weights">\n${images.join("\n")}\n</ol>` },
      ],
    },
  ];
}

function configurationBlocks({ config }: RunReport): Block[] {
  const rows: [Text, string][] = [[{ en: "data set", zh: "数据集" }, config.dataset]];
  const images: [Text, number | undefined][] = [
    [{ en: "training images", zh: "训练图像" }, config.trainingImages],
    [{ en: "validation images", zh: "验证图像" }, config.validationImages],
    [{ en: "test images", zh: "测试图像" }, config.testImages],
  ];
  for (const [label, count] of images) if (count !== undefined) rows.push([label, formatNumber(count, 9)]);
  rows.push([{ en: "layers", zh: "各层" }, config.network]);
  for (const [name, value] of Object.entries(config.hyperparameters)) {
    rows.push([name, typeof value === "number" ? formatNumber(value, 9) : String(value)]);
  }
  rows.push(
    [{ en: "engine", zh: "引擎" }, config.engine],
    [{ en: "threads", zh: "线程" }, String(config.threads)],
    [{ en: "seed", zh: "随机种子" }, String(config.seed)],
  );
  const half = Math.ceil(rows.length / 2);
  const columns = [
    { label: { en: "setting", zh: "设置" } },
    { label: { en: "value", zh: "取值" }, align: "number" as const },
  ];
  return [
    { kind: "code", code: config.command, label: { en: "The command", zh: "命令" } },
    { kind: "table", table: { columns, rows: rows.slice(0, half) } },
    { kind: "table", table: { columns, rows: rows.slice(half) } },
  ];
}

function duration(seconds: number): string {
  if (seconds < 60) return `${formatNumber(seconds, 3)} s`;
  const minutes = Math.floor(Math.round(seconds) / 60);
  const rest = Math.round(seconds) % 60;
  if (minutes < 60) return `${minutes} min ${rest} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

const words = {
  kicker: { en: "Nabla · report of a training run", zh: "Nabla · 训练报告" },
  training: { en: "Training", zh: "训练" },
  trained: { en: "training", zh: "训练" },
  validation: { en: "validation", zh: "验证" },
  test: { en: "test", zh: "测试" },
  epoch: { en: "epoch", zh: "轮次" },
  loss: { en: "loss", zh: "损失" },
  learningRate: { en: "learning rate", zh: "学习率" },
  lossTitle: { en: "Loss", zh: "损失" },
  accuracyTitle: { en: "Accuracy", zh: "准确率" },
  learningRateTitle: { en: "Learning rate", zh: "学习率" },
  noEpoch: { en: "No epoch was completed.", zh: "没有完成任何轮次。" },
  testAccuracy: { en: "Test accuracy", zh: "测试准确率" },
  testLoss: { en: "Test loss", zh: "测试损失" },
  parameters: { en: "Parameters", zh: "参数" },
  time: { en: "Training time", zh: "训练时间" },
  speed: { en: "Speed", zh: "速度" },
  mistakes: { en: "Where it errs", zh: "错在哪里" },
  network: { en: "The network", zh: "网络" },
  repeat: { en: "How to repeat this run", zh: "如何重复本次训练" },
  footer: {
    en: "Made by Nabla. In the charts, point at a curve or a cell for its numbers; a click on a legend entry hides its curve.",
    zh: "由 Nabla 生成。在图表中，指向曲线或单元格可查看数值；点击图例可隐藏曲线。",
  },
} as const;

const styles = `
.mistakes{list-style:none;margin:0;padding:0;display:grid;grid-template-columns:repeat(auto-fill,minmax(230px,1fr));gap:12px}
.mistakes li{display:flex;gap:12px;padding:10px;border:1px solid var(--grid);border-radius:9px}
.mistakes img{flex:none;width:84px;height:84px;object-fit:contain;image-rendering:pixelated;border-radius:4px;background:#fff}
.mistakes li>div{flex:1;min-width:0}
.mistakes p{margin:0;font-weight:600;font-size:13.5px;line-height:1.3}
.mistakes small{display:block;white-space:nowrap;color:var(--muted);font-size:12px;line-height:1.4}
.bars{display:flex;gap:1px;align-items:flex-end;height:30px;margin-top:6px;border-bottom:1px solid var(--axis)}
.bars i{flex:1;min-height:1px;background:var(--axis)}
.bars .read{background:var(--series-1)}.bars .true{background:var(--series-2)}
.names{display:flex;gap:1px;font-size:9px;line-height:11px;color:var(--muted)}
.names span{flex:1;text-align:center}
.weights{list-style:none;margin:0;padding:0;display:grid;grid-template-columns:repeat(auto-fill,minmax(76px,1fr));gap:10px}
.weights li{text-align:center;font-size:11px;line-height:18px;color:var(--muted)}
.weights img{display:block;width:100%;height:auto;image-rendering:pixelated;outline:1px solid var(--grid)}
`;
