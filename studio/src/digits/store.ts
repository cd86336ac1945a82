// Trained networks, kept by the browser for the next visit. Where it may not keep anything, they are trained again.

const DATABASE = "nabla-studio";
const STORE = "networks";
/** Another recipe is another version: what was kept of before is let go. */
const VERSION = 1;

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, VERSION);
    request.onupgradeneeded = () => {
      const database = request.result;
      for (const name of [...database.objectStoreNames]) database.deleteObjectStore(name);
      database.createObjectStore(STORE);
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("the browser keeps nothing"));
    request.onblocked = () => reject(new Error("another tab holds an older version"));
  });
}

async function ask<T>(mode: IDBTransactionMode, what: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await open();
  try {
    return await new Promise<T>((resolve, reject) => {
      const request = what(database.transaction(STORE, mode).objectStore(STORE));
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error ?? new Error("the browser keeps nothing"));
    });
  } finally {
    database.close();
  }
}

export async function keptNetwork(key: string): Promise<Uint8Array | undefined> {
  try {
    const found: unknown = await ask("readonly", (store) => store.get(key));
    return found instanceof Uint8Array ? found : undefined;
  } catch {
    return undefined;
  }
}

export async function keepNetwork(key: string, bytes: Uint8Array): Promise<void> {
  try {
    await ask("readwrite", (store) => store.put(bytes, key));
  } catch {
    // Trained again the next time.
  }
}
