// Debian's Firefox, for what has to work in a second engine. Playwright drives Firefox only as it builds it itself, and Debian has no geckodriver. So this
// speaks what geckodriver speaks to Firefox: Marionette, the commands of WebDriver as JSON over a socket, each message after its length in bytes.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const firefox = ["/usr/bin/firefox-esr", "/usr/bin/firefox"].find((path) => existsSync(path));

/** What a suite that needs it adds to its name. */
export const whyNoFirefox = firefox ? "" : " (skipped: Firefox is not installed)";

/** Nothing is asked of any other machine. */
const QUIET = {
  "marionette.port": 0,
  "app.normandy.enabled": false,
  "app.update.auto": false,
  "browser.newtabpage.enabled": false,
  "browser.safebrowsing.update.enabled": false,
  "browser.shell.checkDefaultBrowser": false,
  "browser.startup.homepage_override.mstone": "ignore",
  "datareporting.policy.dataSubmissionEnabled": false,
  "extensions.update.enabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "services.settings.server": "data:,",
  "toolkit.telemetry.enabled": false,
};

export interface FirefoxOptions {
  readonly language?: string;
  readonly dark?: boolean;
  readonly width?: number;
}

type Waiting = { resolve(value: unknown): void; reject(error: Error): void };

export class Firefox {
  readonly #process: ChildProcess;
  readonly #profile: string;
  #socket!: Socket;
  #last = 0;
  readonly #waiting = new Map<number, Waiting>();

  private constructor(process: ChildProcess, profile: string) {
    this.#process = process;
    this.#profile = profile;
  }

  static async launch({ language = "en-US", dark = false, width = 1280 }: FirefoxOptions = {}): Promise<Firefox> {
    const profile = mkdtempSync(join(tmpdir(), "nabla-firefox-"));
    const settings = { ...QUIET, "intl.accept_languages": language, "ui.systemUsesDarkTheme": dark ? 1 : 0 };
    const lines = Object.entries(settings).map(([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});\n`);
    writeFileSync(join(profile, "user.js"), lines.join(""));
    const args = ["--headless", "--marionette", "--no-remote", "--profile", profile, "about:blank"];
    const browser = new Firefox(spawn(firefox!, args, { stdio: "ignore" }), profile);
    try {
      await browser.#connect();
      await browser.#command("WebDriver:NewSession", {});
      await browser.#command("WebDriver:SetTimeouts", { script: 120_000, pageLoad: 60_000 });
      await browser.#command("WebDriver:SetWindowRect", { width, height: 900 });
      return browser;
    } catch (error) {
      await browser.close();
      throw error;
    }
  }

  /** The port that it took stands in a file of its profile. */
  async #connect(): Promise<void> {
    const file = join(this.#profile, "MarionetteActivePort");
    const end = Date.now() + 120_000;
    while (!existsSync(file)) {
      if (Date.now() > end || this.#process.exitCode !== null) throw new Error("Firefox did not start");
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const socket = connect(Number(readFileSync(file, "utf8")), "127.0.0.1");
    this.#socket = socket;
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      let received = Buffer.alloc(0);
      socket.on("data", (chunk: Buffer) => {
        received = Buffer.concat([received, chunk]);
        for (;;) {
          const colon = received.indexOf(":");
          const length = Number(received.subarray(0, Math.max(0, colon)).toString());
          if (colon < 0 || received.length < colon + 1 + length) return;
          const message = JSON.parse(received.subarray(colon + 1, colon + 1 + length).toString()) as unknown;
          received = received.subarray(colon + 1 + length);
          // The first one is a greeting.
          if (Array.isArray(message)) this.#answer(message);
          else resolve();
        }
      });
    });
  }

  #answer([, id, error, value]: unknown[]): void {
    const waiting = this.#waiting.get(id as number);
    this.#waiting.delete(id as number);
    if (error === null) waiting?.resolve(value);
    else waiting?.reject(new Error((error as { message: string }).message));
  }

  #command<T>(name: string, parameters: object): Promise<T> {
    this.#last += 1;
    const bytes = Buffer.from(JSON.stringify([0, this.#last, name, parameters]));
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(this.#last, { resolve: resolve as (value: unknown) => void, reject });
      this.#socket.write(`${bytes.length}:`);
      this.#socket.write(bytes);
    });
  }

  async goto(address: string): Promise<void> {
    await this.#command("WebDriver:Navigate", { url: address });
  }

  /** Runs a function in the page; a promise is waited for. */
  async evaluate<V extends unknown[], T>(run: (...values: V) => T, ...values: V): Promise<Awaited<T>> {
    const script = `return (${run})(...arguments)`;
    const { value } = await this.#command<{ value: Awaited<T> }>("WebDriver:ExecuteScript", { script, args: values });
    return value;
  }

  /** Waits until an element that a selector finds is there; its first one. */
  async find(selector: string, milliseconds = 120_000): Promise<string> {
    const end = Date.now() + milliseconds;
    for (;;) {
      try {
        const query = { using: "css selector", value: selector };
        const { value } = await this.#command<{ value: Record<string, string> }>("WebDriver:FindElement", query);
        return Object.values(value)[0];
      } catch (error) {
        if (Date.now() > end) throw new Error(`${selector}: ${(error as Error).message}`, { cause: error });
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  /** As a person does it: what is covered or out of sight can't be clicked. */
  async click(selector: string): Promise<void> {
    await this.#command("WebDriver:ElementClick", { id: await this.find(selector) });
  }

  /** Takes the place of what stands in a field. */
  async type(selector: string, text: string): Promise<void> {
    const id = await this.find(selector);
    await this.#command("WebDriver:ElementClear", { id });
    await this.#command("WebDriver:ElementSendKeys", { id, text });
  }

  async screenshot(path: string): Promise<void> {
    const { value } = await this.#command<{ value: string }>("WebDriver:TakeScreenshot", { full: false });
    writeFileSync(path, Buffer.from(value, "base64"));
  }

  async close(): Promise<void> {
    const ended = new Promise<void>((resolve) => {
      if (this.#process.exitCode !== null) resolve();
      else this.#process.once("exit", () => resolve());
    });
    const late = setTimeout(() => this.#process.kill("SIGKILL"), 10_000);
    if (this.#socket?.readyState === "open") {
      await this.#command("Marionette:Quit", { flags: ["eForceQuit"] }).catch(() => {});
      this.#socket.destroy();
    } else this.#process.kill();
    await ended;
    clearTimeout(late);
    rmSync(this.#profile, { recursive: true, force: true });
  }
}
