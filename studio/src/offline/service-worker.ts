// The service worker of the built studio: keeps the whole build for when there is no network, and lets pages of servers that send no headers have
// threads. It is made with the list of the build's files in it (scripts/studio/offline-plugin.ts), so that another build is another worker with a
// cache of its own: files of two builds are never mixed, and nothing outdated is shown while the server answers.
//
// Ours and not Workbox's: the list is at hand, the rules are two, and headers of its own are what Workbox has no part for.

declare const BUILD: {
  readonly version: string;
  /** Relative to the worker; every name but index.html's changes with its content, or with the version. */
  readonly files: readonly string[];
};

const worker = globalThis as unknown as ServiceWorkerGlobalScope;
/** Studios below different paths of one server keep to themselves. */
const PREFIX = `nabla-studio ${new URL(worker.registration.scope).pathname} `;
const CACHE = PREFIX + BUILD.version;
const PAGE = "index.html";
const FILES = new Set(BUILD.files);
/** Requests at a time, while a reader waits for the page's own. */
const AT_ONCE = 4;
/** Milliseconds after which a page from the network is waited for no longer. */
const PATIENCE = 4000;

const addressOf = (file: string): string => new URL(file, worker.registration.scope).href;

/** The file of the build that an address is; undefined for all others: data, runs, other builds. */
function fileOf(address: string): string | undefined {
  const { origin, pathname } = new URL(address);
  const scope = new URL(worker.registration.scope);
  if (origin !== scope.origin || !pathname.startsWith(scope.pathname)) return undefined;
  const file = decodeURI(pathname.slice(scope.pathname.length)) || PAGE;
  return FILES.has(file) ? file : undefined;
}

async function keepAll(): Promise<void> {
  const cache = await caches.open(CACHE);
  const names = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  const before = await Promise.all(names.map((name) => caches.open(name)));
  const waiting = [...BUILD.files];
  const next = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const address = addressOf(file);
      // Below assets/ a name stands for its content: what the build before has need not be fetched.
      let reply: Response | undefined;
      if (file.startsWith("assets/")) for (const other of before) reply ??= await other.match(address);
      reply ??= await fetch(address, { cache: file.startsWith("assets/") ? "default" : "reload" });
      if (!reply.ok) throw new Error(`${file}: ${reply.status}`);
      await cache.put(address, reply);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, next));
}

async function forgetOthers(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(
    names.filter((name) => name.startsWith(PREFIX) && name !== CACHE).map((name) => caches.delete(name)),
  );
}

/** With the headers that allow shared memory, and threads with it, where the server did not send them. */
function isolated(reply: Response): Response {
  if (!reply.ok || reply.headers.has("Cross-Origin-Embedder-Policy")) return reply;
  const headers = new Headers(reply.headers);
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  headers.set("Cross-Origin-Embedder-Policy", "require-corp");
  headers.set("Cross-Origin-Resource-Policy", "same-origin");
  return new Response(reply.body, { status: reply.status, statusText: reply.statusText, headers });
}

async function kept(file: string): Promise<Response | undefined> {
  return (await caches.open(CACHE)).match(addressOf(file));
}

/** The page comes from the server, so that it is the newest; from here where the server does not answer. */
async function page(request: Request): Promise<Response> {
  const late = new Promise<undefined>((resolve) => {
    setTimeout(resolve, PATIENCE, undefined);
  });
  const asked = fetch(request);
  // Its failure is met below, or comes too late to matter.
  asked.catch(() => {});
  const reply = await Promise.race([asked, late]).catch(() => undefined);
  // What stands between may answer for a server that is gone.
  if (reply !== undefined && reply.status < 500) return reply;
  return (await kept(PAGE)) ?? asked;
}

worker.addEventListener("install", (event) => event.waitUntil(keepAll()));

worker.addEventListener("activate", (event) => {
  event.waitUntil(forgetOthers().then(() => worker.clients.claim()));
});

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  const file = fileOf(request.url);
  if (request.mode === "navigate") {
    if (file === PAGE) event.respondWith(page(request).then(isolated));
    return;
  }
  if (file !== undefined) {
    event.respondWith(kept(file).then(async (reply) => isolated(reply ?? (await fetch(request)))));
  } else if (request.destination === "worker" && new URL(request.url).origin === worker.location.origin) {
    // Of a newer build: a worker has to be isolated as its page is.
    event.respondWith(fetch(request).then(isolated));
  }
});

// A page of this build, with no other open: the build before is needed no more.
worker.addEventListener("message", ({ data }) => {
  if (data !== BUILD.version) return;
  void worker.clients.matchAll({ includeUncontrolled: true, type: "window" }).then((clients) => {
    if (clients.length <= 1) void worker.skipWaiting();
  });
});

export {};
