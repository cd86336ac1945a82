// The page of `nabla inspect`.
import type { Distribution } from "../src/inspect/distributions.ts";
import type { Text } from "../src/plot/chart.ts";
import {
  attackChart,
  featureMapsChart,
  filtersChart,
  filtersOverEpochsChart,
  mistakesChart,
  saliencyChart,
  successChart,
} from "../src/plot/inside.ts";
import type { Block, Section } from "../src/plot/page.ts";
import { renderPage } from "../src/plot/page.ts";
import { formatNumber, formatPercent } from "../src/plot/scale.ts";
import type { Inside } from "./inspect.ts";

/** Channels of a layer that are shown. */
const MAPS = 40;

/** The page as HTML: self-contained, usable offline. */
export function insidePage(inside: Inside): string {
  const { network, dataset, epoch } = inside.figures;
  const after =
    epoch === null
      ? { en: "", zh: "" }
      : { en: ` after ${epoch} ${epoch === 1 ? "epoch" : "epochs"}`, zh: `，训练 ${epoch} 轮之后` };
  return renderPage({
    title: { en: `Inside ${network}`, zh: `${network} 的内部` },
    kicker: { en: "Nabla · looking inside a network", zh: "Nabla · 观察网络内部" },
    lead: { en: `Trained on ${dataset}${after.en}.`, zh: `在 ${dataset} 上训练${after.zh}。` },
    sections: [
      ...filterSections(inside),
      ...pictureSections(inside),
      ...mapSections(inside),
      ...mistakeSections(inside),
      ...attackSections(inside),
      ...spreadSections(inside),
    ],
    footer: {
      en: "Made by Nabla. Point at a picture to enlarge it, at a curve for its numbers.",
      zh: "由 Nabla 生成。指向图片可放大，指向曲线可查看数值。",
    },
  });
}

function filterSections({ filters, overEpochs }: Inside): Section[] {
  if (filters === undefined) return [];
  const { layer, channels, height, width, filters: all } = filters;
  const large = height * width > 200;
  const blocks: Block[] = [
    {
      kind: "text",
      span: "full",
      text: large
        ? {
            en: `The weights from the picture to each of the ${all.length} neurons of ${layer}: blue where ink inhibits it, orange where it excites it.`,
            zh: `从图像到 ${layer} 的 ${all.length} 个神经元的权重：蓝色处的笔画使其抑制，橙色处的笔画使其兴奋。`,
          }
        : {
            en: `The ${all.length} filters of ${layer}, ${height} by ${width}${channels > 1 ? `, ${channels} channels each` : ""}: lighter for smaller (more negative) weights, darker for larger ones, each filter by its own range.`,
            zh: `${layer} 的 ${all.length} 个滤波器，${height}×${width}${channels > 1 ? `，各有 ${channels} 个通道` : ""}：权重越小（越负）越浅，越大越深，每个滤波器按各自的范围。`,
          },
    },
    { kind: "chart", span: "full", chart: filtersChart(filters, { colours: large ? "diverging" : "shades" }) },
  ];
  if (overEpochs !== undefined) {
    blocks.push(
      {
        kind: "text",
        span: "full",
        text: {
          en: "How they grew, at the epochs whose checkpoints are kept.",
          zh: "它们在保留了检查点的各轮次中的变化。",
        },
      },
      {
        kind: "chart",
        span: "full",
        chart: filtersOverEpochsChart(overEpochs, { most: 12, colours: large ? "diverging" : "shades" }),
      },
    );
  }
  return [{ heading: { en: "What it looks for", zh: "它寻找什么" }, blocks }];
}

function pictureSections({ picture, attributions, figures, nameOf }: Inside): Section[] {
  if (picture === undefined || attributions === undefined || figures.picture === undefined) return [];
  const { name, label, answer, probability } = figures.picture;
  const chance = formatPercent(probability, 1);
  const truth: { en: string; zh: string } =
    label === null
      ? { en: "", zh: "" }
      : { en: ` Its label is ${nameOf(label)}.`, zh: `它的标签是 ${nameOf(label)}。` };
  const repeated = (Array.from(picture.pixels) as number[]).concat();
  const pixels = attributions.flatMap(() => repeated);
  const maps = attributions.flatMap(({ map }) => Array.from(map));
  const chart = saliencyChart({ ...picture, pixels }, maps, {
    captions: attributions.map(({ name: caption }) => caption),
    columns: 3,
  });
  return [
    {
      heading: { en: "What the answer hangs on", zh: "答案取决于什么" },
      blocks: [
        {
          kind: "text",
          span: "full",
          text: {
            en: `${name} is read as ${nameOf(answer)} (${chance}).${truth.en} Orange pixels speak for that answer, blue ones against it; plain gradients show how much a pixel counts, whichever way.`,
            zh: `${name} 被识别为 ${nameOf(answer)}（${chance}）。${truth.zh}橙色像素支持该答案，蓝色像素反对；普通梯度只表示像素影响的大小，不分方向。`,
          },
        },
        { kind: "chart", span: "full", chart },
      ],
    },
  ];
}

function mapSections({ maps }: Inside): Section[] {
  if (maps === undefined || maps.length === 0) return [];
  const blocks: Block[] = maps.flatMap((layer): Block[] => {
    const more =
      layer.maps.length > MAPS ? { en: `, the first ${MAPS}`, zh: `，此处为前 ${MAPS} 个` } : { en: "", zh: "" };
    const text: Text = {
      en: `${layer.layer}: ${layer.maps.length} ${layer.maps.length === 1 ? "map" : "maps"} of ${layer.height} by ${layer.width}${more.en}`,
      zh: `${layer.layer}：${layer.maps.length} 个 ${layer.height}×${layer.width} 的特征图${more.zh}`,
    };
    const signed = layer.maps.some((map) => map.some((value) => value < 0));
    const chart = featureMapsChart(layer, { most: MAPS, colours: signed ? "diverging" : "ink" });
    return [
      { kind: "text", span: "full", text },
      { kind: "chart", span: "full", chart },
    ];
  });
  const text: Block = {
    kind: "text",
    span: "full",
    text: {
      en: "What each channel answers to the picture: the more it answers, the more ink; a layer's maps share one scale. Blue and orange where answers have both signs.",
      zh: "每个通道对该图像的响应，响应越强墨色越浓；同一层的特征图共用一个尺度。响应有正有负时用橙色和蓝色表示。",
    },
  };
  return [{ heading: { en: "What its layers see", zh: "各层看到什么" }, blocks: [text, ...blocks] }];
}

function mistakeSections({ mistakes, figures, classNames }: Inside): Section[] {
  if (mistakes === undefined || figures.mistakes === undefined) return [];
  const { count, of } = figures.mistakes;
  const { pictures, list } = mistakes;
  const heading = { en: "Where it errs", zh: "错在哪里" };
  if (count === 0) {
    const text = { en: `None of the ${of} test pictures is answered wrong.`, zh: `${of} 张测试图像全部识别正确。` };
    return [{ heading, blocks: [{ kind: "text", span: "full", text }] }];
  }
  const rest =
    count > list.length
      ? { en: `, the worst ${list.length} of them here`, zh: `，此处为其中最严重的 ${list.length} 张` }
      : { en: "", zh: "" };
  return [
    {
      heading,
      blocks: [
        {
          kind: "text",
          span: "full",
          text: {
            en: `${count} of ${of} test pictures are answered wrong${rest.en}: the label top right, the answer bottom right.`,
            zh: `${of} 张测试图像中有 ${count} 张识别错误${rest.zh}：右上角为标签，右下角为网络的答案。`,
          },
        },
        {
          kind: "chart",
          span: "full",
          chart: mistakesChart(pictures, list, classNames === undefined ? {} : { classNames }),
        },
      ],
    },
  ];
}

function attackSections({ attack, figures, classNames }: Inside): Section[] {
  if (attack === undefined || figures.attack === undefined) return [];
  const { attacked, shown, steps } = figures.attack;
  const { fast, iterated, pictures } = attack;
  const names = { "one step": fast, [`${steps} steps`]: iterated };
  return [
    {
      heading: { en: "How it is misled", zh: "如何使它出错" },
      blocks: [
        {
          kind: "text",
          span: "full",
          text: {
            en: `Every pixel may move by ε at most, against the label: in one step along the sign of the loss's gradient, or in ${steps}. Of ${attacked} pictures that are read right, so many are read wrong then. The control moves every pixel by ε, up or down by chance. The pictures show one step of ${shown}: original with its answer, what is added, and the result with its answer.`,
            zh: `每个像素最多改变 ε，朝远离标签的方向：沿损失梯度的符号走一步，或走 ${steps} 步。在识别正确的 ${attacked} 张图像中，图示为此后识别错误的比例。对照组使每个像素随机增加或减少 ε。图片为步长 ${shown} 的一步：原图及其答案、所加的改动、结果及其答案。`,
          },
        },
        { kind: "chart", chart: successChart(names), height: 330 },
        { kind: "chart", chart: attackChart(pictures, attack.attack, classNames === undefined ? {} : { classNames }) },
      ],
    },
  ];
}

function spreadSections({ spread }: Inside): Section[] {
  if (spread === undefined) return [];
  const { weights, gradients, units } = spread;
  const number = "number" as const;
  const gradientOf = (name: string): Distribution | undefined => gradients.find((each) => each.name === name);
  const short = (value: number | undefined): string =>
    value === undefined || Number.isNaN(value) ? "–" : formatNumber(value, 3);
  return [
    {
      heading: { en: "Weights, gradients, units", zh: "权重、梯度与单元" },
      blocks: [
        {
          kind: "table",
          span: "full",
          table: {
            title: { en: "Parameters", zh: "参数" },
            columns: [
              { label: { en: "parameter", zh: "参数" } },
              { label: { en: "numbers", zh: "个数" }, align: number },
              { label: { en: "mean", zh: "均值" }, align: number },
              { label: { en: "deviation", zh: "标准差" }, align: number },
              { label: { en: "norm of gradient", zh: "梯度范数" }, align: number },
            ],
            rows: weights.map((each) => [
              each.name,
              formatNumber(each.count, 9),
              short(each.mean),
              short(each.deviation),
              short(gradientOf(each.name)?.norm),
            ]),
          },
        },
        {
          kind: "table",
          span: "full",
          table: {
            title: { en: "Units", zh: "单元" },
            columns: [
              { label: { en: "layer", zh: "层" } },
              { label: { en: "units", zh: "单元数" }, align: number },
              { label: { en: "never change", zh: "从不改变" }, align: number },
              { label: { en: "above 0", zh: "大于 0" }, align: number },
            ],
            rows: units.map(({ layer, units: count, dead, active }) => [
              layer,
              formatNumber(count, 9),
              formatNumber(dead.length, 9),
              formatPercent(active.reduce((a, b) => a + b, 0) / Math.max(1, active.length), 1),
            ]),
          },
        },
      ],
    },
  ];
}
