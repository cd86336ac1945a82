export function fuzzCalls(options: {
  n: number;
  seed: number;
  report: (failure: string) => void;
  only?: number;
  from?: number;
  onProgress?: (made: number) => void;
}): Promise<{ functions: number; methods: number; examples: number } | undefined>;
