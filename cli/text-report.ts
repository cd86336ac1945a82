// The report of a language model's training: one HTML file with its perplexity by epoch, what it wrote after each, and how the run is repeated.
import { engineStatus } from "../src/engine/configure.ts";
import { type PointSeries, say, type Text } from "../src/plot/chart.ts";
import { escapeMarkup } from "../src/plot/markup.ts";
import { type Block, type KeyFigure, renderPage } from "../src/plot/page.ts";
import { formatNumber } from "../src/plot/scale.ts";
import { clock } from "../src/train/wording.ts";
import { commandName } from "./command-name.ts";
import { cellName, type TextConfig, type TextRecord } from "./text-config.ts";
import type { TextResult } from "./text-train.ts";

export type TextStatus =
  /** With a remark where the run has learnt nothing. */
  | { readonly kind: "finished"; readonly remark?: Text | null }
  /** Stopped by the user after so many complete epochs; `resume` is the command that goes on. */
  | { readonly kind: "interrupted"; readonly epoch: number; readonly resume: string }
  | { readonly kind: "non-finite"; readonly epoch: number; readonly step: number; readonly loss: number };

/** Samples that are shown: the first, the last, and some between them. */
const SHOWN = 12;

const quoted = (word: string): string => (/^[\w./-]+$/.test(word) ? word : JSON.stringify(word));

/** The command that does the run again. */
export function textCommandOf(config: TextConfig): string {
  const { file, cell, layers, hidden, embedding, dropout, batch, steps, epochs, lr, clip, split, seed } = config;
  return [
    `${commandName()} text train ${quoted(file)}`,
    `--cell ${cell} --layers ${layers} --hidden ${hidden} --embedding ${embedding}`,
    ...(dropout > 0 ? [`--dropout ${dropout}`] : []),
    `--batch ${batch} --steps ${steps} --epochs ${epochs} --lr ${lr} --schedule ${config.schedule} --clip ${clip}`,
    `--split ${split} --seed ${seed}`,
  ].join(" ");
}

/** The page as HTML: self-contained, usable offline. The texts are escaped. */
export function buildTextReport(result: TextResult, status: TextStatus): string {
  const { config, records } = result;
  return renderPage({
    title: `${cellName(config)} on ${config.file.split(/[\\/]/).at(-1)}`,
    kicker: { en: "Nabla · report of a language model", zh: "Nabla · 语言模型报告" },
    badge: badgeOf(status),
    lead: leadOf(result, status),
    sections: [
      { blocks: [{ kind: "figures", figures: keyFigures(result) }] },
      { heading: { en: "Training", zh: "训练" }, blocks: curves(records) },
      { heading: { en: "What it writes", zh: "它写出的文字" }, blocks: samples(config, records) },
      { heading: { en: "How to repeat this run", zh: "如何重复本次训练" }, blocks: settings(config) },
    ],
    footer: {
      en: "Made by Nabla. In the charts, point at a curve for its numbers.",
      zh: "由 Nabla 生成。在图表中，指向曲线可查看数值。",
    },
    styles: STYLES,
  });
}

function badgeOf(status: TextStatus): { text: Text; tone: "good" | "neutral" | "bad" } {
  if (status.kind === "finished") {
    return { text: { en: "finished", zh: "已完成" }, tone: status.remark ? "neutral" : "good" };
  }
  if (status.kind === "interrupted") return { text: { en: "interrupted", zh: "已中断" }, tone: "neutral" };
  return { text: { en: "stopped", zh: "已停止" }, tone: "bad" };
}

function leadOf({ streams, records }: TextResult, status: TextStatus): Text {
  const [trained, held] = streams.counts.map((count) => formatNumber(count, 9));
  const n = records.length;
  const what = {
    en: `${trained} characters to learn from${streams.counts[1] > 0 ? `, ${held} held out` : ""}; ${n} ${n === 1 ? "epoch" : "epochs"}.`,
    zh: `用于学习的 ${trained} 个字符${streams.counts[1] > 0 ? `，留出 ${held} 个` : ""}；共 ${n} 个轮次。`,
  };
  if (status.kind === "finished") {
    const { remark } = status;
    return remark ? { en: `${what.en} ${say(remark, "en")}`, zh: `${what.zh}${say(remark, "zh")}` } : what;
  }
  if (status.kind === "interrupted") {
    return {
      en: `${what.en} Interrupted after ${status.epoch} complete epochs. To go on: ${status.resume}`,
      zh: `${what.zh}在完成 ${status.epoch} 个轮次后中断。继续训练：${status.resume}`,
    };
  }
  return {
    en: `${what.en} Stopped in epoch ${status.epoch}, step ${status.step}: the loss became ${status.loss}.`,
    zh: `${what.zh}在第 ${status.epoch} 轮第 ${status.step} 步停止：损失变为 ${status.loss}。`,
  };
}

function keyFigures({ records, parameters, config }: TextResult): KeyFigure[] {
  const last = records.at(-1);
  const seconds = records.reduce((sum, record) => sum + record.seconds, 0);
  const figures: KeyFigure[] = [];
  if (last?.validationPerplexity !== undefined) {
    figures.push({
      label: { en: "Perplexity, held out", zh: "留出部分的困惑度" },
      value: formatNumber(last.validationPerplexity),
      note: { en: "equally likely characters at every step", zh: "每一步相当于这么多个等可能的字符" },
    });
  }
  if (last !== undefined) {
    figures.push({ label: { en: "Perplexity, training", zh: "训练困惑度" }, value: formatNumber(last.perplexity) });
  }
  figures.push(
    { label: { en: "Symbols", zh: "符号数" }, value: formatNumber(Array.from(config.characters).length, 9) },
    { label: { en: "Parameters", zh: "参数" }, value: formatNumber(parameters, 9) },
    { label: { en: "Training time", zh: "训练时间" }, value: clock(seconds) },
  );
  return figures;
}

function curves(records: readonly TextRecord[]): Block[] {
  if (records.length === 0) {
    return [{ kind: "text", text: { en: "No epoch was completed.", zh: "没有完成任何轮次。" } }];
  }
  const x = records.map(({ epoch }) => epoch);
  const line = (name: Text, y: readonly (number | null)[], colour: number): PointSeries[] =>
    y.some((value) => value !== null) ? [{ name, x, y, colour }] : [];
  const epochs = { label: { en: "epoch", zh: "轮次" } };
  const perplexities = [
    ...line(
      { en: "training", zh: "训练" },
      records.map(({ perplexity }) => perplexity),
      0,
    ),
    ...line(
      { en: "held out", zh: "留出" },
      records.map(({ validationPerplexity = null }) => validationPerplexity),
      1,
    ),
  ];
  const rates = line(
    { en: "learning rate", zh: "学习率" },
    records.map(({ learningRate }) => learningRate),
    4,
  );
  const title = { en: "Perplexity per character", zh: "每个字符的困惑度" };
  return [
    { kind: "chart", chart: { kind: "line", title, xAxis: epochs, yAxis: {}, series: perplexities }, height: 330 },
    {
      kind: "chart",
      chart: { kind: "line", title: { en: "Learning rate", zh: "学习率" }, xAxis: epochs, yAxis: {}, series: rates },
      height: 330,
    },
  ];
}

function samples({ prompt, temperature }: TextConfig, records: readonly TextRecord[]): Block[] {
  const written = records.filter(({ sample }) => sample !== "");
  if (written.length === 0) return [{ kind: "text", text: { en: "Nothing was asked for.", zh: "没有要求采样。" } }];
  const stride = Math.max(1, Math.ceil((written.length - 1) / (SHOWN - 1)));
  const some = written.filter((_, i) => i % stride === 0 || i === written.length - 1);
  const items = some.map(({ epoch, perplexity, validationPerplexity, sample }) => {
    const figure = (validationPerplexity ?? perplexity).toFixed(3);
    return `<li><p>${epoch} <small>${figure}</small></p><pre><b>${escapeMarkup(prompt)}</b>${escapeMarkup(sample)}</pre></li>`;
  });
  return [
    {
      kind: "text",
      text: {
        en: `After some epochs, with the perplexity beside their number: the prompt in bold, and what the model adds at temperature ${temperature}.`,
        zh: `若干轮次之后的样例，轮次旁为困惑度：粗体为提示，其后是模型在温度 ${temperature} 下续写的文字。`,
      },
    },
    { kind: "markup", markup: `<ol class="samples">\n${items.join("\n")}\n</ol>`, span: "full" },
  ];
}

function settings(config: TextConfig): Block[] {
  const { engine, threads } = engineStatus();
  const rows: (readonly [Text, string])[] = [
    [{ en: "text", zh: "文本" }, config.file],
    [{ en: "network", zh: "网络" }, cellName(config)],
    [{ en: "embedding", zh: "嵌入" }, String(config.embedding)],
    [{ en: "dropout", zh: "dropout" }, String(config.dropout)],
    [{ en: "streams and steps", zh: "流数与步长" }, `${config.batch} x ${config.steps}`],
    [{ en: "epochs", zh: "轮数" }, String(config.epochs)],
    [{ en: "learning rate", zh: "学习率" }, `${config.lr}, ${config.schedule}`],
    [{ en: "clipped to", zh: "梯度裁剪" }, String(config.clip)],
    [{ en: "held out", zh: "留出比例" }, String(config.split)],
    [{ en: "engine", zh: "引擎" }, engine],
    [{ en: "threads", zh: "线程" }, String(threads)],
    [{ en: "seed", zh: "随机种子" }, String(config.seed)],
  ];
  const columns = [
    { label: { en: "setting", zh: "设置" } },
    { label: { en: "value", zh: "取值" }, align: "number" as const },
  ];
  return [
    { kind: "code", code: textCommandOf(config), label: { en: "The command", zh: "命令" } },
    { kind: "table", table: { columns, rows: rows.slice(0, 6) } },
    { kind: "table", table: { columns, rows: rows.slice(6) } },
  ];
}

const STYLES = `
.samples{list-style:none;margin:0;padding:0;display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,420px),1fr));gap:12px}
.samples li{padding:10px 12px;border:1px solid var(--grid);border-radius:9px;min-width:0}
.samples p{margin:0 0 6px;font-weight:600;font-size:13.5px}
.samples small{font-weight:400;color:var(--muted);margin-left:6px}
.samples pre{margin:0;white-space:pre-wrap;overflow-wrap:anywhere;font-size:13px;line-height:1.5}
`;
