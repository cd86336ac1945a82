// What the playground's worker does: one session at a time.
import { configureEngine } from "nabla";
import { type Deed, type Frame, type NetworkSettings, Session, type TrainingSettings } from "./session.ts";

// Networks of a few dozen units: other threads would be waited for longer than they help.
configureEngine({ threads: 1 });

let session: Session | undefined;

function current(): Session {
  if (session === undefined) throw new Error("no network has been made yet");
  return session;
}

/** A new network, at its first step. */
export function open(network: NetworkSettings, training: TrainingSettings): Frame {
  session = new Session(network, training);
  return session.frame();
}

/** Milliseconds of training between two frames, when much is done again. */
const STRETCH = 40;

/** A network to which was done what is told: kept, where this session has been there, or made anew and shown on the way. */
export function* again(network: NetworkSettings, deeds: readonly Deed[]): Generator<Frame, void> {
  const known = session && JSON.stringify(session.network) === JSON.stringify(network);
  if (known && session?.goBackTo(deeds)) {
    yield session.frame();
    return;
  }
  const [first, ...rest] = deeds;
  if (first?.kind !== "settings") throw new Error("what was done begins with settings");
  const made = new Session(network, first.settings);
  session = made;
  yield made.frame();
  for (const _ of made.again(rest, STRETCH)) yield made.frame();
  yield made.frame();
}

/** Trains and shows, again and again, until it is ended: so many steps a frame, or as many as fit into a frame. */
export function* run(steps: number, milliseconds: number): Generator<Frame, void> {
  for (;;) {
    const running = current();
    running.advance(steps, milliseconds);
    const frame = running.frame();
    yield frame;
    if (frame.blown) return;
  }
}

export function step(count: number): Frame {
  current().advance(count, 5000);
  return current().frame();
}

export function change(settings: TrainingSettings): Frame {
  current().change(settings);
  return current().frame();
}

export function setWeight(layer: number, from: number | "bias", to: number, value: number): Frame {
  current().setWeight(layer, from, to, value);
  return current().frame();
}

export function goTo(at: number | "good"): Frame {
  if (at === "good") current().goToLastGood();
  else current().goTo(at);
  return current().frame();
}

export function account(): { network: NetworkSettings; deeds: readonly Deed[]; trainLoss: number } {
  return current().account();
}
