// What functions ask of the tensors that they are given.
import { quote } from "../engine/quote.ts";
import { Tensor } from "./tensor.ts";

/** Throws unless `x` is a tensor: the usual slip is a plain array. */
export function checkTensor(operation: string, x: unknown): asserts x is Tensor {
  if (!(x instanceof Tensor)) throw notATensor(operation, ": needs a tensor", x);
}

/** Throws unless `list` is an array of tensors. `role` says what they are: "inputs", "parameters". */
export function checkTensors(operation: string, role: string, list: unknown): asserts list is readonly Tensor[] {
  if (!Array.isArray(list)) throw new TypeError(`${operation}: ${role} are an array of tensors, got ${quote(list)}`);
  for (let i = 0; i < list.length; i++) {
    if (!(list[i] instanceof Tensor)) throw notATensor(operation, `: ${role}[${i}] must be a tensor`, list[i]);
  }
}

function notATensor(operation: string, complaint: string, x: unknown): TypeError {
  const isValues = Array.isArray(x) || ArrayBuffer.isView(x) || typeof x === "number";
  return new TypeError(`${operation}${complaint}, got ${quote(x)}${isValues ? "; wrap it in tensor(...)" : ""}`);
}
