// Takes kept in the browser (IndexedDB) until the server has them.
const NAME = "voicelab-studio";

const open = () =>
  new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("takes", { keyPath: "uuid" });
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });

async function change(act) {
  const base = await open();
  try {
    return await new Promise((resolve, reject) => {
      const work = base.transaction("takes", "readwrite", { durability: "strict" });
      const asked = act(work.objectStore("takes"));
      work.oncomplete = () => resolve(asked.result);
      work.onabort = work.onerror = () => reject(work.error);
    });
  } finally {
    base.close();
  }
}

export const put = (take) => change((takes) => takes.put(take));
export const remove = (uuid) => change((takes) => takes.delete(uuid));
export const all = () => change((takes) => takes.getAll());
