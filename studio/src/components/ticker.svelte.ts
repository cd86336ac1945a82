// A clock for what moves on a page: it calls for steps, as many as the speed asks for, once a frame, and stops when its page is left.

export class Ticker {
  running = $state(false);
  /** Steps a second. */
  speed = $state(1);
  readonly #advance: (steps: number) => boolean | undefined;
  #owed = 0;
  #last = 0;

  /** `advance` takes so many steps; it returns false when there are no more. To be made while a component is set up. */
  constructor(speed: number, advance: (steps: number) => boolean | undefined) {
    this.speed = speed;
    this.#advance = advance;
    $effect(() => {
      if (!this.running) return;
      this.#last = performance.now();
      this.#owed = 0;
      let frame = requestAnimationFrame(
        function next(this: Ticker, now: number) {
          this.#tick(now);
          frame = requestAnimationFrame(next.bind(this));
        }.bind(this),
      );
      return () => cancelAnimationFrame(frame);
    });
  }

  #tick(now: number): void {
    // After a pause of the browser (another tab) the time is not made up for.
    this.#owed += Math.min(0.25, Math.max(0, now - this.#last) / 1000) * this.speed;
    this.#last = now;
    const steps = Math.floor(this.#owed);
    if (steps < 1) return;
    this.#owed -= steps;
    if (this.#advance(steps) === false) this.running = false;
  }

  toggle(): void {
    this.running = !this.running;
  }

  pause(): void {
    this.running = false;
  }

  /** One step, standing still. */
  step(): void {
    this.running = false;
    this.#advance(1);
  }
}
