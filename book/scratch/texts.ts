// Reasons that several claims of this source share.
import type { Both } from "../experiment.ts";

export const PRINTED_DIGITS: Both = {
  en: "half a unit of the eighth digit, the last one printed",
  zh: "所印数值保留八位，允许末位半个单位的误差",
};

export const ROUNDING: Both = {
  en: "rounding of float64 over a few operations",
  zh: "float64 经过几次运算的舍入误差",
};

export const READ_MNIST: Both = {
  en: "MNIST: 60,000 images for training and 10,000 for test, pixels divided by 255",
  zh: "MNIST：60,000 张训练图像、10,000 张测试图像，像素除以 255",
};
