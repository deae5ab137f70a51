// The page as a person uses it: by the names of its controls. They are found in the mirror of the
// canvas, where screen readers find them too.

import assert from 'node:assert/strict';
import { until } from './until.mjs';
import { like, t } from './words.mjs';

/** How long anything may take that is not computing, in milliseconds: two cores draw and compute. */
const SOON = 60_000;

/** How long a quick run may take. */
const RUN = 20 * 60_000;

/** Drives one page. */
export class Laboratory {
  constructor(page) {
    this.page = page;
    this.mirror = page.locator('#mirror');
    /** How often settings were loaded. */
    this.loads = 0;
  }

  /** Waits for the first frame. */
  async drawn() {
    await this.page.waitForFunction(() => performance.getEntriesByName('first-frame').length > 0, null, {
      timeout: SOON,
      polling: 50,
    });
    await this.page.locator('#loading').waitFor({ state: 'hidden', timeout: SOON });
  }

  /** Waits until everything is kept for later: what is needed at once, and what is not. */
  async kept() {
    const found = () =>
      this.page.evaluate(async () => {
        const [name] = await caches.keys();
        const cache = name && (await caches.open(name));
        const rest = ['assets/starter/base/model.safetensors.xz', 'assets/recorded/scir.jsonl.xz', 'index.html'];
        const answers = await Promise.all(rest.map((name) => cache?.match(new URL(name, document.baseURI))));
        return answers.every(Boolean);
      });
    await until('the page is kept', found, 120_000);
  }

  /** A control or another element by its role and name. */
  control(role, name) {
    return this.mirror.getByRole(role, { name, exact: typeof name === 'string' }).first();
  }

  /** Something that is written somewhere. */
  text(text) {
    return this.mirror.getByText(text, { exact: typeof text === 'string' }).first();
  }

  /** Waits until something is there. */
  async sees(locator, timeout = SOON) {
    await locator.waitFor({ state: 'attached', timeout });
  }

  /** Presses a control as a screen reader does, wherever it has been scrolled to, once it can be pressed. */
  async press(role, name) {
    const control = this.control(role, name);
    await this.sees(control);
    const free = async () => (await control.getAttribute('aria-disabled')) !== 'true';
    await until(`${name} can be pressed`, free, SOON);
    await control.dispatchEvent('click');
  }

  /** Presses a control until something came of it. */
  async pressUntil(role, name, done) {
    const pressed = async () => {
      if (await done()) return true;
      await this.press(role, name);
      return until(`${name} did something`, done, 1500).catch(() => false);
    };
    await until(`${name} was pressed`, pressed, SOON);
  }

  /** Presses a control with the mouse, which goes to the canvas. */
  async point(role, name) {
    const control = this.control(role, name);
    await this.sees(control);
    const box = await control.boundingBox();
    assert(box && box.width > 0 && box.height > 0, `${name} has no place on the page`);
    await this.page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  }

  /** Writes into a field. */
  async write(name, text) {
    const field = this.mirror.getByRole('textbox', { name, exact: true }).first();
    await this.sees(field);
    await field.fill(text);
  }

  /** Ticks a box, or unticks it. */
  async tick(name, on) {
    const box = this.control('checkbox', name);
    await this.sees(box);
    if ((await box.getAttribute('aria-checked')) !== String(on)) await box.dispatchEvent('click');
    await this.sees(this.ticked(name, on));
  }

  /** A box that is ticked, or is not. */
  ticked(name, on) {
    return this.mirror.locator(`[role=checkbox][aria-checked="${on}"]`, { hasText: name }).first();
  }

  /** Chooses from a list that opens from a control, until the list has it as what is chosen. */
  async choose(name, option) {
    const chosen = async () => {
      await this.press('combobox', name);
      const entry = this.control('option', option);
      await this.sees(entry);
      const already = (await entry.getAttribute('aria-selected')) === 'true';
      await this.press('option', option);
      await entry.waitFor({ state: 'detached', timeout: SOON });
      return already;
    };
    await until(`${option} is chosen`, chosen, SOON);
  }

  /** Presses an entry of a menu. */
  async menu(name, entry) {
    await this.press('button', name);
    const found = this.mirror.locator('[role=menuitem], [role=button]').filter({ hasText: entry }).first();
    await this.sees(found);
    await found.dispatchEvent('click');
  }

  /** Goes to a panel, by its id. */
  async go(panel) {
    const name = t(`${panel}.title`);
    const there = this.mirror.getByRole('button', { name, exact: true, pressed: true });
    await this.pressUntil('button', name, async () => (await there.count()) > 0);
  }

  /** Waits until a run of this name is the one that panels show. */
  async shows(name) {
    await this.sees(this.control('combobox', t('run.choose_named', { name })));
  }

  /** The name of the run that panels show; none if they show none. */
  async shown() {
    const chooser = this.control('combobox', like('run.choose_named'));
    if ((await chooser.count()) === 0) return '';
    const label = (await chooser.getAttribute('aria-label')) ?? '';
    return label.slice(t('run.choose_named', { name: '' }).length);
  }

  /** Waits for a state of the run that panels show: `running`, `stopped`, `finished`. */
  async becomes(state, timeout = RUN) {
    await this.sees(this.mirror.getByText(t(`run.${state}`), { exact: true }).first(), timeout);
  }

  /**
   * Puts a run together and starts it; gives its name. `brings` are files that are dropped for it, each list with the
   * name of the field that they are to fill.
   */
  async start({
    recipe = 'scir',
    quick = true,
    controls = false,
    seed = 1,
    device = 'auto',
    settings = {},
    brings = [],
  } = {}) {
    await this.go('compose');
    await this.press('button', t('compose.reset_all'));
    // What an earlier run set is there for another frame.
    await this.sees(this.ticked(t('compose.quick'), false));
    await this.press('button', new RegExp(`^${recipe}: `));
    for (const { field, files } of brings) await this.bring(field, files);
    await this.load(settings);
    await this.tick(t('compose.quick'), quick);
    await this.tick(t('compose.controls'), controls);
    await this.write(t('compose.seed'), String(seed));
    await this.choose(t('compose.device'), t(`compose.device_${device}`));
    const start = this.mirror.locator('[role=button]:not([aria-disabled])', { hasText: t('compose.start') }).first();
    // An earlier run of the same recipe may be shown.
    const before = await this.shown();
    const ours = new RegExp(`^${recipe}-seed${seed}-`);
    const another = async () => {
      const shown = await this.shown();
      return shown !== before && ours.test(shown);
    };
    const begun = async () => {
      if (await another()) return true;
      // The engine can take its time; what is pressed meanwhile is refused.
      await start.dispatchEvent('click', {}, { timeout: SOON }).catch(() => {});
      return until('another run', another, 15_000).catch(() => false);
    };
    await until('a run begins', begun, 2 * SOON);
    // The least runs are over before anybody looks.
    const states = ['running', 'finished'].map((state) => this.mirror.getByText(t(`run.${state}`), { exact: true }));
    await this.sees(states[0].or(states[1]).first());
    return this.shown();
  }

  /** Drops files and waits until they fill a field; gives what is in it. */
  async bring(field, files) {
    const before = await this.filled(field);
    await this.drop(files);
    return until(`files fill ${field}`, async () => {
      const now = await this.filled(field);
      return now !== before && now;
    });
  }

  /** What is in a field; nothing if it is not there. */
  async filled(name) {
    const field = this.mirror.getByRole('textbox', { name, exact: true }).first();
    return (await field.count()) > 0 ? field.inputValue() : '';
  }

  /** Sets hyper-parameters, by their dotted names. */
  async load(settings) {
    const field = this.mirror.getByRole('textbox', { name: t('compose.load_text'), exact: true }).first();
    if ((await field.count()) === 0) await this.press('button', t('compose.file_load'));
    await this.sees(field);
    const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
    // Only another text than before takes back what is said about that one.
    this.loads += 1;
    await field.fill([...lines, `# ${this.loads}`].join('\n'));
    const loaded = this.text(t('compose.loaded'));
    await loaded.waitFor({ state: 'detached', timeout: SOON });
    await this.pressUntil('button', t('compose.load'), async () => (await loaded.count()) > 0);
  }

  /** Exports the run that panels show; gives the path of the file. */
  async export() {
    const download = this.page.waitForEvent('download', { timeout: SOON });
    await this.menu(t('run.keep'), t('run.export'));
    const file = await download;
    assert.match(file.suggestedFilename(), /\.selfsame\.tgz$/);
    return file.path();
  }

  /**
   * Asks the playground's first question. What is pressed while a run is being opened may belong to a panel
   * that is not there any more, so that it is pressed until it is asked.
   */
  async question() {
    await this.go('playground');
    await this.sees(this.control('button', t('playground.ask')));
    const quiet = this.text(t('playground.quiet'));
    await this.pressUntil('button', t('playground.ask'), async () => (await quiet.count()) === 0);
  }

  /** Asks the playground's first question and waits until it is answered. */
  async ask(timeout = RUN) {
    await this.question();
    await this.sees(this.text(like('playground.summary')), timeout);
  }

  /** Waits until a text that counts something has stayed the same for a while. */
  async rests(text) {
    let before;
    const same = async () => {
      const now = await this.text(text).textContent();
      await this.page.waitForTimeout(2000);
      const rests = now === before;
      before = now;
      return rests;
    };
    await until(`${text} comes to rest`, same, 2 * SOON);
  }

  /** Everything that is written on the page. */
  async texts() {
    return this.mirror.evaluate((mirror) => {
      const leaves = [...mirror.querySelectorAll('.mirror-node')].filter((node) => node.children.length === 0);
      return leaves.map((node) => node.textContent).filter(Boolean);
    });
  }

  /** Drops files anywhere on the page: `[{name, content}]`. */
  async drop(files) {
    const plain = files.map(({ name, content }) => ({ name, content: Buffer.from(content).toString('base64') }));
    await this.page.evaluate((files) => {
      const dropped = new DataTransfer();
      for (const { name, content } of files) {
        const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
        dropped.items.add(new File([bytes], name));
      }
      const init = { dataTransfer: dropped, bubbles: true, cancelable: true };
      for (const kind of ['dragover', 'drop']) document.getElementById('view').dispatchEvent(new DragEvent(kind, init));
    }, plain);
  }
}
