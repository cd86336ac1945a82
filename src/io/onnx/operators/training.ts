// Steps of optimisers as operators (ai.onnx.preview.training).
import { add, div, mul, square, sub } from "../../../ops/arithmetic.ts";
import { sqrt } from "../../../ops/exponentials.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import type { Call } from "../run/call.ts";
import { entry, type OperatorTable } from "../run/entry.ts";
import { type ArrayValue, fromTensor } from "../run/value.ts";

/** Inputs: rate, count of steps, then all parameters, all gradients, and all of what is kept, `kept` kinds; outputs: new parameters, then kept. */
function stepped(
  kept: number,
  step: (call: Call, rate: number, count: number, x: Tensor, g: Tensor, state: Tensor[]) => Tensor[],
): (call: Call) => ArrayValue[] {
  return (call) => {
    const [rate, count] = [call.value(0).number, call.value(1).number];
    const parameters = (call.inputs.length - 2) / (2 + kept);
    const results = Array.from({ length: parameters }, (_, i) => {
      const at = (k: number): Tensor => call.tensor(2 + k * parameters + i);
      return step(
        call,
        rate,
        count,
        at(0),
        at(1),
        Array.from({ length: kept }, (_, k) => at(2 + k)),
      );
    });
    return Array.from({ length: 1 + kept }, (_, k) => results.map((result) => fromTensor(result[k]))).flat();
  };
}

const adagrad = stepped(1, ({ attributes }, rate, count, x, g, [h]) => {
  const r = rate / (1 + count * attributes.float("decay_factor", 0));
  const regular = add(mul(x, attributes.float("norm_coefficient", 0)), g);
  const next = add(h, square(regular));
  return [sub(x, div(mul(regular, r), add(sqrt(next), attributes.float("epsilon", 1e-6)))), next];
});

const adam = stepped(2, ({ attributes }, rate, count, x, g, [v, h]) => {
  const [alpha, beta] = [attributes.float("alpha", 0.9), attributes.float("beta", 0.999)];
  const regular = add(mul(x, attributes.float("norm_coefficient", 0)), g);
  const first = add(mul(v, alpha), mul(regular, 1 - alpha));
  const second = add(mul(h, beta), mul(square(regular), 1 - beta));
  const adjusted = count > 0 ? (rate * Math.sqrt(1 - beta ** count)) / (1 - alpha ** count) : rate;
  const next = sub(x, div(mul(first, adjusted), add(sqrt(second), attributes.float("epsilon", 1e-6))));
  return [mul(next, 1 - attributes.float("norm_coefficient_post", 0)), first, second];
});

const momentum = stepped(1, ({ attributes }, rate, count, x, g, [v]) => {
  const alpha = attributes.float("alpha", 0);
  const beta = count > 0 ? attributes.float("beta", 0) : 1;
  const regular = add(mul(x, attributes.float("norm_coefficient", 0)), g);
  const next = add(mul(v, alpha), mul(regular, beta));
  const move = attributes.text("mode", "standard") === "nesterov" ? add(regular, mul(next, alpha)) : next;
  return [sub(x, mul(move, rate)), next];
});

/** Operators of this family. */
export const training: OperatorTable = { Adagrad: entry(adagrad), Adam: entry(adam), Momentum: entry(momentum) };
