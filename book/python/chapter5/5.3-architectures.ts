// Section 5.3: LeNet-5, AlexNet, VGG, ResNet and GoogLeNet by shapes, parameters and multiply-adds.
import type { Experiment } from "../../experiment.ts";
import {
  alexNet,
  alexNetTorchvision,
  googLeNet,
  leNet5,
  leNet5Original,
  leNet800,
  resNet,
  vgg,
  type Walk,
} from "../programs/architectures.ts";

const read = ["book/python/programs/architectures.ts", "book/python/chapter5/5.3-architectures.ts"];

const vgg16: Experiment = {
  id: "python/5.3-vgg16",
  title: { en: "VGG-16 and AlexNet, layer by layer", zh: "VGG-16 与 AlexNet，逐层" },
  section: "5.3",
  kind: "construction",
  read,
  async run() {
    const [deep, alex] = [vgg(16), alexNet(2)];
    const sides = (walk: Walk) =>
      walk.rows.filter(({ layer }) => layer.startsWith("pool")).map(({ shape }) => shape[1]);
    const filters = deep.rows.filter(({ layer }) => layer.startsWith("conv")).map(({ shape }) => shape[0]);
    const units = alex.rows.filter(({ parameters }) => parameters > 0).map(({ shape: [c, h, w] }) => c * h * w);
    const table = (walk: Walk, en: string, zh: string) => ({
      title: { en, zh },
      columns: [
        { en: "layer", zh: "层" },
        { en: "output", zh: "输出" },
        { en: "parameters", zh: "参数" },
        { en: "multiply-adds", zh: "乘加" },
      ],
      rows: walk.rows.map(({ layer, shape, parameters, multiplyAdds }) => [
        layer,
        shape.join("x"),
        parameters,
        multiplyAdds,
      ]),
    });
    return {
      measured: {
        sides: sides(deep),
        filters,
        byLayer: deep.byLayer,
        parameters: deep.parameters,
        multiplyAdds: deep.multiplyAdds,
        alexSides: alex.rows.slice(0, 8).map(({ shape }) => shape[1]),
        alexUnits: units.reduce((sum, count) => sum + count),
        alexByLayer: alex.byLayer,
      },
      tables: [table(deep, "VGG-16", "VGG-16"), table(alex, "AlexNet, two towers", "AlexNet，两半")],
      figures: [
        {
          name: "vgg16",
          chart: {
            kind: "bar",
            title: {
              en: "VGG-16: where the parameters are, and where the work is",
              zh: "VGG-16：参数在哪里，计算在哪里",
            },
            categories: deep.rows
              .filter(({ parameters }) => parameters > 0)
              .map(({ layer }, i) => `${i + 1} ${layer === "fully connected" ? "fc" : "conv"}`),
            yAxis: { label: { en: "share", zh: "比例" }, format: "percent" },
            series: [
              { name: { en: "parameters", zh: "参数" }, values: deep.byLayer.map((count) => count / deep.parameters) },
              {
                name: { en: "multiply-adds", zh: "乘加" },
                values: deep.rows
                  .filter(({ parameters }) => parameters > 0)
                  .map((row) => row.multiplyAdds / deep.multiplyAdds),
              },
            ],
          },
          width: 900,
        },
      ],
    };
  },
  about: {
    en: "The text walks VGG-16 from 224x224x3 down to 7x7x512 and three fully connected layers. Every shape, parameter and multiply-add: the parameters sit in the first fully connected layer, the work in the convolutions. AlexNet beside it, on two GPUs as published.",
    zh: "教材把 VGG-16 从 224x224x3 一直写到 7x7x512 和三个全连接层。这里列出每个形状、参数和乘加次数：参数集中在第一个全连接层，计算集中在卷积层。旁边是分在两个 GPU 上的 AlexNet。",
  },
  claims: [
    {
      measure: "sides",
      says: { en: "sides after the pools", zh: "各次池化后的边长" },
      reported: [112, 56, 28, 14, 7],
      accept: { equals: [112, 56, 28, 14, 7] },
    },
    {
      measure: "filters",
      says: { en: "filters", zh: "滤波器个数" },
      reported: [64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512],
      accept: { equals: [64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512] },
    },
    {
      measure: "byLayer",
      says: { en: "parameters, layer by layer", zh: "逐层的参数" },
      accept: {
        equals: [
          1_792, 36_928, 73_856, 147_584, 295_168, 590_080, 590_080, 1_180_160, 2_359_808, 2_359_808, 2_359_808,
          2_359_808, 2_359_808, 102_764_544, 16_781_312, 4_097_000,
        ],
      },
    },
    { measure: "parameters", says: { en: "in all", zh: "总计" }, accept: { equals: 138_357_544 } },
    {
      measure: "multiplyAdds",
      says: { en: "multiply-adds for an image", zh: "一幅图像的乘加次数" },
      accept: { equals: 15_470_264_320 },
    },
    {
      measure: "alexSides",
      says: { en: "AlexNet's sides: 55, 27, 27, 13, 13, 6", zh: "AlexNet 的边长：55、27、27、13、13、6" },
      accept: { equals: [55, 27, 27, 13, 13, 13, 13, 6] },
    },
    {
      measure: "alexUnits",
      says: { en: "AlexNet's neurons (650,000)", zh: "AlexNet 的神经元（65 万）" },
      reported: 650_000,
      accept: { within: 10_000 },
      because: { en: "the text rounds 659,272", zh: "教材把 659,272 取整" },
    },
    {
      measure: "alexByLayer",
      says: { en: "its parameters, layer by layer", zh: "其逐层参数" },
      accept: { equals: [34_944, 307_456, 885_120, 663_936, 442_624, 37_752_832, 16_781_312, 4_097_000] },
    },
  ],
};

const architectures: Experiment = {
  id: "python/5.3-architectures",
  title: { en: "The famous networks in numbers", zh: "著名网络的数字" },
  section: "5.3",
  kind: "construction",
  read,
  async run() {
    const networks: [string, Walk][] = [
      ["LeNet-5", leNet5()],
      ["LeNet, 800 to 500", leNet800()],
      ["AlexNet", alexNet(2)],
      ["AlexNet, one tower", alexNet(1)],
      ["AlexNet, torchvision", alexNetTorchvision()],
      ["VGG-11", vgg(11)],
      ["VGG-13", vgg(13)],
      ["VGG-16", vgg(16)],
      ["VGG-19", vgg(19)],
      ["ResNet-18", resNet(18)],
      ["ResNet-34", resNet(34)],
      ["ResNet-50", resNet(50)],
      ["ResNet-101", resNet(101)],
      ["ResNet-152", resNet(152)],
      ["GoogLeNet", googLeNet().walk],
      ["GoogLeNet, torchvision", googLeNet("torchvision").walk],
    ];
    const of = (start: string) =>
      networks.filter(([name]) => name.startsWith(start)).map(([, { parameters }]) => parameters);
    const share = (name: string) => networks.find(([found]) => found === name)![1].fullyConnectedShare;
    const original = leNet5Original();
    const { modules } = googLeNet();
    return {
      measured: {
        leNet: of("LeNet"),
        leNetOriginal: [original.layers.reduce((sum, count) => sum + count), original.connections],
        alexNet: of("AlexNet"),
        vgg: of("VGG"),
        vggNormalised: ([11, 13, 16, 19] as const).map((depth) => vgg(depth, true).parameters),
        resNet: of("ResNet"),
        googLeNet: (["paper", "torchvision"] as const).flatMap((form) =>
          [false, true].map((heads) => googLeNet(form, heads).walk.parameters),
        ),
        inceptionChannels: modules.map(({ channels }) => channels),
        inceptionParameters: modules.map(({ parameters }) => parameters),
        shares: ["LeNet, 800 to 500", "AlexNet, one tower", "VGG-16"].map((name) =>
          Number((100 * share(name)).toFixed(1)),
        ),
        resNetShare: share("ResNet-152"),
      },
      tables: [
        {
          title: {
            en: "Parameters, multiply-adds, and what fully connected layers hold",
            zh: "参数、乘加次数与全连接层所占比例",
          },
          columns: [
            { en: "network", zh: "网络" },
            { en: "parameters", zh: "参数" },
            { en: "multiply-adds", zh: "乘加" },
            { en: "fully connected", zh: "全连接层" },
          ],
          rows: networks.map(([name, walk]) => [
            name,
            walk.parameters,
            walk.multiplyAdds,
            `${(100 * walk.fullyConnectedShare).toFixed(1)}%`,
          ]),
        },
      ],
      figures: [
        {
          name: "share",
          chart: {
            kind: "bar",
            title: { en: "Share of the parameters in fully connected layers", zh: "全连接层所占的参数比例" },
            categories: networks.map(([name]) => name),
            direction: "horizontal",
            yAxis: { label: { en: "share", zh: "比例" }, format: "percent", min: 0, max: 1 },
            series: [
              {
                name: { en: "fully connected", zh: "全连接层" },
                values: networks.map(([, walk]) => walk.fullyConnectedShare),
              },
            ],
          },
          height: 520,
        },
      ],
    };
  },
  about: {
    en: "LeNet-5, AlexNet, VGG, ResNet and GoogLeNet, counted from lists of their layers (biases counted; of batch normalisation gamma and beta). The text says that fully connected layers hold about 80 percent of the parameters, and that networks which end in global average pooling usually predict better: in the older ones it is rather 90, in the newer ones next to nothing.",
    zh: "LeNet-5、AlexNet、VGG、ResNet 与 GoogLeNet，由各层的列表数出（计入偏置；批归一化计 gamma 与 beta）。教材说全连接层约占参数的 80%，以全局平均池化收尾的网络通常预测更好：老网络其实在 90% 左右，新网络几乎没有。",
  },
  claims: [
    {
      measure: "leNet",
      says: {
        en: "LeNet-5 as built today; with the text's 800 inputs and 500 outputs",
        zh: "今天的 LeNet-5；带教材的 800 输入 500 输出的 LeNet",
      },
      accept: { equals: [61_706, 431_080] },
    },
    {
      measure: "leNetOriginal",
      says: { en: "LeCun's: trainable parameters, connections", zh: "LeCun 原版：可训练参数、连接数" },
      accept: { equals: [60_000, 340_908] },
    },
    {
      measure: "alexNet",
      says: {
        en: "AlexNet: two towers (60 million), one, torchvision's",
        zh: "AlexNet：两半（6 千万）、不分、torchvision 版",
      },
      accept: { equals: [60_965_224, 62_378_344, 61_100_840] },
    },
    {
      measure: "vgg",
      says: { en: "VGG-11, 13, 16, 19", zh: "VGG-11、13、16、19" },
      accept: { equals: [132_863_336, 133_047_848, 138_357_544, 143_667_240] },
    },
    {
      measure: "vggNormalised",
      says: { en: "the same with batch normalisation", zh: "同上，带批归一化" },
      accept: { equals: [132_868_840, 133_053_736, 138_365_992, 143_678_248] },
    },
    {
      measure: "resNet",
      says: { en: "ResNet-18, 34, 50, 101, 152", zh: "ResNet-18、34、50、101、152" },
      accept: { equals: [11_689_512, 21_797_672, 25_557_032, 44_549_160, 60_192_808] },
    },
    {
      measure: "googLeNet",
      says: {
        en: "GoogLeNet as published, with its two heads; torchvision's, with heads",
        zh: "GoogLeNet 论文版、带两个辅助头；torchvision 版、带辅助头",
      },
      accept: { equals: [6_998_552, 13_378_280, 6_624_904, 13_004_888] },
    },
    {
      measure: "inceptionChannels",
      says: { en: "channels after each of its modules", zh: "各模块之后的通道数" },
      accept: { equals: [256, 480, 512, 512, 512, 528, 832, 832, 1024] },
    },
    {
      measure: "inceptionParameters",
      says: { en: "parameters of each module", zh: "各模块的参数" },
      accept: { equals: [163_696, 388_736, 376_176, 449_160, 510_104, 605_376, 868_352, 1_043_456, 1_444_080] },
    },
    {
      measure: "shares",
      says: {
        en: "percent in fully connected layers (about 80 in the text, exactly here): LeNet, AlexNet in one tower, VGG-16",
        zh: "全连接层的百分比（教材说约 80，这里是准确的数）：LeNet、不分两半的 AlexNet、VGG-16",
      },
      reported: [80, 80, 80],
      accept: { equals: [94.1, 94, 89.4] },
    },
    {
      measure: "resNetShare",
      says: {
        en: "the same share in ResNet-152, which ends in global average pooling",
        zh: "以全局平均池化收尾的 ResNet-152 中的比例",
      },
      accept: { between: [0.03, 0.04] },
      because: { en: "an exact count: 2,049,000 of 60,192,808", zh: "准确的数：60,192,808 中的 2,049,000" },
    },
  ],
};

export const experiments: readonly Experiment[] = [vgg16, architectures];
