// Files between the person and the page: picked, dropped, saved. They are handed on as the browser's
// own handles, so that weights of any size are never read into the page's memory.

/** What can belong to a model, to prompts or to a run. In a folder everything else is passed over. */
const OURS = /\.(json|jsonl|safetensors|gguf|jinja|toml|tgz|gz)$/i;

/** Folders deeper than this hold nothing of ours: a model is flat, a run has `checkpoints/NAME/`. */
const DEEPEST = 4;

/**
 * Lets the person pick files and gives them on as `[{path, file}]`. Purposes that end with `-folder`
 * ask for a whole folder.
 */
export function pick(purpose, give) {
  const folder = purpose.endsWith('-folder');
  const input = document.createElement('input');
  input.type = 'file';
  input.hidden = true;
  input.multiple = true;
  input.webkitdirectory = folder;
  input.onchange = () => {
    const items = [...input.files]
      .map((file) => ({ path: file.webkitRelativePath || file.name, file }))
      .filter(({ path }) => !folder || belongs(path));
    give(purpose.replace(/-folder$/, ''), items);
    input.remove();
  };
  input.oncancel = () => input.remove();
  document.body.append(input);
  input.click();
}

function belongs(path) {
  return OURS.test(path) && path.split('/').length <= DEEPEST + 1;
}

/** Gives on what is dropped anywhere on the page. */
export function takeDrops(canvas, give) {
  const capture = { capture: true };
  const files = (event) => event.dataTransfer?.types.includes('Files');
  addEventListener(
    'dragover',
    // Not stopped: the page's module shows where files may go. Without this there would be no drop.
    (event) => files(event) && event.preventDefault(),
    capture,
  );
  addEventListener(
    'drop',
    async (event) => {
      if (!files(event)) return;
      event.preventDefault();
      // The window toolkit would read every file into memory.
      event.stopPropagation();
      // It still believes that something hovers over it.
      canvas.dispatchEvent(new DragEvent('dragleave'));
      // What was dropped is only there during this event; the walk comes after.
      const dropped = [...event.dataTransfer.items]
        .filter(({ kind }) => kind === 'file')
        .map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }));
      give('drop', (await Promise.all(dropped.map(walk))).flat());
    },
    capture,
  );
}

/** The files of what was dropped: a folder's, or the file itself, which need not lie on a disk. */
async function walk({ entry, file }) {
  return entry?.isDirectory ? walkFolder(entry) : [{ path: file.name, file }];
}

async function walkFolder(folder) {
  const walked = (await children(folder)).map(async (entry) => {
    const path = entry.fullPath.replace(/^\//, '');
    if (entry.isDirectory) return path.split('/').length <= DEEPEST ? walkFolder(entry) : [];
    if (!belongs(path)) return [];
    return [{ path, file: await new Promise((done, failed) => entry.file(done, failed)) }];
  });
  return (await Promise.all(walked)).flat();
}

/** Everything in a folder; the browser gives it in portions, the last of which is empty. */
async function children(folder) {
  const reader = folder.createReader();
  const all = [];
  for (;;) {
    const portion = await new Promise((done, failed) => reader.readEntries(done, failed));
    if (portion.length === 0) return all;
    all.push(...portion);
  }
}

/** How long a download may take to begin, in milliseconds, before its address is withdrawn. */
const KEPT = 60_000;

/** Gives a file to the person as a download. */
export function save(name, bytes) {
  const url = URL.createObjectURL(new Blob([bytes], { type: 'application/octet-stream' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), KEPT);
}
