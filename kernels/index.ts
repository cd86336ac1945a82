// Every export of the compiled module. Kernels are loops over numbers: pointers, sizes and strides in, nothing allocated.
export { workerLoop, stopWorkers, threadCount, setScratch } from "./parallel";
export * from "./binary";
export * from "./movement";
export * from "./reduce";
