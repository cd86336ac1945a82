// A small training, the same in Node and in a browser: returns what it learned and a checksum of every bit of it. `nabla` is the module.
export async function trainAndHash(nabla, epochs = 20) {
  const { Dense, Dropout, evaluateAsync, fit, Generator, prefetch, random, scope, Sequential } = nabla;
  const { x, y } = scope(() => {
    const points = random.uniform([600, 2], -1, 1, { generator: new Generator(7) });
    return { x: points, y: points.square().sum(1).less(0.5).cast("int32") };
  });
  // Labels are looked at before training, and here they were computed.
  await prefetch([y]);
  const model = new Sequential(
    [
      new Dense(24, { activation: "tanh" }),
      new Dropout(0.1),
      new Dense(24, { activation: "sigmoid" }),
      new Dense(2, { activation: "softmax" }),
    ],
    { inputShape: [2], seed: 3 },
  );
  const history = await fit(model, { x, y }, { epochs, batchSize: 20, learningRate: 0.01, seed: 5 });
  const { accuracy } = await evaluateAsync(model, { x, y });
  await prefetch([model.block.values]);
  const bytes = new Uint8Array(model.block.values.dataSync().buffer);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const checksum = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return { losses: history.epochs.map((epoch) => epoch.loss), accuracy, checksum, status: nabla.engineStatus() };
}
