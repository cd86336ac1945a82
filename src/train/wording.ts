// Figures of training as people read them.

/** Seconds as 0:07 or 1:02:03. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const [hours, minutes, rest] = parts.map((part) => String(part).padStart(2, "0"));
  return parts[0] > 0 ? `${parts[0]}:${minutes}:${rest}` : `${Number(minutes) + 60 * Number(hours)}:${rest}`;
}

/** A share as 97.31%. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(2)}%`;
}

/** How fast samples are trained on: 850 samples/s, 23k samples/s. */
export function rate(samplesPerSecond: number): string {
  return samplesPerSecond >= 10_000
    ? `${(samplesPerSecond / 1000).toFixed(0)}k samples/s`
    : `${samplesPerSecond.toFixed(0)} samples/s`;
}

/** A loss in four decimals, or four digits where those would show nothing of it. */
export function lossText(loss: number): string {
  const size = Math.abs(loss);
  return size !== 0 && (size < 0.001 || size >= 1e6) ? loss.toExponential(3) : loss.toFixed(4);
}
