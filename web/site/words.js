// Every sentence that the page says before, or instead of, its module: `{name}` is replaced by a value.

export const words = {
  downloading: 'Loading: {done} MB',
  downloading_of: 'Loading: {done} of {all} MB',
  beginning: 'Preparing…',

  no_webgl: 'This browser gives the page no WebGL2, with which everything here is drawn.',
  no_webgl_remedy:
    'Switch on hardware acceleration in the browser’s settings, or use a current Firefox, Chrome, Edge or Safari.',
  too_old: 'This browser is too old for this page: it lacks {what}.',
  too_old_remedy: 'Use a current Firefox, Chrome, Edge or Safari.',
  no_download: 'A part of the page could not be loaded ({what}).',
  no_download_remedy: 'Look at the connection and reload.',
  refused: 'The browser refused to run the page’s module ({what}).',
  refused_remedy:
    'WebAssembly may be switched off, by a setting or by an extension; or reload, if the page was just renewed.',
  stopped: 'The page stopped because of an error in the program ({what}).',
  stopped_remedy: 'Reload. Runs are kept up to their last lines and can be resumed.',

  http: 'the host answered {status}',
  offline: 'the host cannot be reached',
  damaged: 'what came is damaged',
};

/** A sentence with its values. */
export function say(key, values = {}) {
  return words[key].replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}
