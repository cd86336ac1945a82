import type { DemoMeta } from "../demo.ts";

export const meta: DemoMeta = {
  title: { en: "Momentum", zh: "动量" },
  summary: {
    en: "Velocity and friction: faster along a valley, with overshooting, and above μ = 1 a way out of it.",
    zh: "速度与摩擦：沿山谷走得更快，也会冲过头；μ 超过 1 便一去不返。",
  },
  source: "nndl",
  chapter: 3,
  section: "3.6",
  programs: ["book/nndl/programs/momentum.ts"],
  experiments: ["nndl/3.6-momentum-wrong", "nndl/3.6-momentum"],
};
