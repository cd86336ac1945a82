// What the native engine (src/engine/native/winograd.ts) does around the products of a convolution by minimal filtering.
import { RELU, SIGMOID, setGeometry, TANH } from "./convolution-plan";
import { squash } from "./convolution";
import { beginWinograd, beginWinogradGradient, endWinogradGradient } from "./winograd";
import { planWinograd, winogradParts } from "./winograd-plan";

/**
 * Begins a convolution (kind 0: a is x, b the weights, c the bias, d is y), its gradient by the input (kind 1: dy, the weights, bias, dx) or by the
 * weights (kind 2: x, dy, dw; c is free). `how` is the activation, and of kind 2 whether to add. Returns the number of parts that are to be run, 0
 * where it is not done this way.
 */
export function winogradBegin(
  kind: i32, a: usize, b: usize, c: usize, d: usize, workspace: usize, how: i32,
  batch: i32, channels: i32, height: i32, width: i32, filters: i32, kernelHeight: i32, kernelWidth: i32,
  strideHeight: i32, strideWidth: i32, padTop: i32, padLeft: i32, dilationHeight: i32, dilationWidth: i32,
  groups: i32, outHeight: i32, outWidth: i32,
): i32 {
  setGeometry(
    batch, channels, height, width, filters, kernelHeight, kernelWidth, strideHeight, strideWidth, padTop, padLeft,
    dilationHeight, dilationWidth, groups, outHeight, outWidth,
  );
  if (!planWinograd(kind)) return 0;
  if (kind == 2) beginWinogradGradient(a, b, d, workspace, how);
  else beginWinograd(a, b, c, d, workspace, how == RELU, kind == 1);
  return winogradParts();
}

/** Ends it, once all parts have run; `size` is the number of results. */
export function winogradEnd(kind: i32, result: usize, how: i32, size: i32): void {
  if (kind == 2) endWinogradGradient();
  else if (how == SIGMOID || how == TANH) squash<f32>(how, result, size);
}
