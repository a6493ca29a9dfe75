// Takes stored in the browser (IndexedDB) until the server has confirmed them.
const NAME = "voicelab-studio";

const open = () =>
  new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore("takes", { keyPath: "uuid" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

async function change(act) {
  const database = await open();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction("takes", "readwrite", { durability: "strict" });
      const request = act(transaction.objectStore("takes"));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = transaction.onerror = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

export const put = (take) => change((takes) => takes.put(take));
export const remove = (uuid) => change((takes) => takes.delete(uuid));
export const all = () => change((takes) => takes.getAll());
