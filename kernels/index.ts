// Every export of the compiled module. Kernels are loops over numbers: pointers, sizes and strides in, nothing allocated.
export { forkOutside, nextOutside, workerLoop, stopWorkers, threadCount, setScratch } from "./parallel";
export * from "./binary";
export * from "./movement";
export * from "./reduce";
export * from "./softmax";
export * from "./indexing";
export * from "./random";
export * from "./gemm";
export * from "./unary";
export * from "./recurrent";
export * from "./convolution";
export * from "./pooling";
export * from "./normalisation";
export * from "./sort";
export * from "./optimizer";
export * from "./native";
export * from "./native-recurrent";
export * from "./native-convolution";
