// The built studio works without a network from the second opening on: its service worker keeps it. While one works on the studio there is none.

/** The build that this page is of; offline-plugin.ts writes it into index.html. */
const version = document.querySelector('meta[name="build"]')?.getAttribute("content");

async function register(): Promise<void> {
  // Asked for anew each time: a newer build is a newer worker.
  const registration = await navigator.serviceWorker.register("./service-worker.js", { updateViaCache: "none" });
  const takeOver = (): void => registration.waiting?.postMessage(version);
  takeOver();
  registration.addEventListener("updatefound", () =>
    registration.installing?.addEventListener("statechange", takeOver),
  );
}

/** After the page itself, which it must not keep waiting. */
export function workOffline(): void {
  if (!import.meta.env.PROD || version == null || !("serviceWorker" in navigator)) return;
  // Where storage is forbidden the studio works as long as its server does.
  const begin = (): void => void register().catch(() => {});
  if (document.readyState === "complete") begin();
  else addEventListener("load", begin, { once: true });
}
