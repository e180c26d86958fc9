/**
 * How text is set, as one number, so that styles are compared and kept at no cost: colour of text and background
 * (0: the theme's own, 1 to 8 black to white, 9 to 16 the bright ones), then flags.
 */
export type Style = number;

export const PLAIN: Style = 0;

const BACKGROUND = 5;
const COLOUR = 31;
const FLAGS = { bold: 1 << 10, dim: 1 << 11, italic: 1 << 12, underline: 1 << 13, strike: 1 << 14 };
const INVERSE = 1 << 15;

const COLOURS = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'];

/**
 * The style after an SGR sequence.
 *
 * @param parameters - between `ESC [` and `m`. Colours of the 256 and the true colours become the nearest of the sixteen,
 * which every theme has in a readable form.
 */
export function styleAfter(style: Style, parameters: string): Style {
  const codes = parameters.split(';');
  for (let at = 0; at < codes.length; at++) {
    const [code, ...rest] = codes[at].split(':').map(Number);
    if (code === 38 || code === 48) {
      // Either 38:2::R:G:B and 38:5:N in one parameter, or 38;2;R;G;B and 38;5;N in several.
      const numbers = rest.length > 0 ? rest : codes.slice(at + 1, at + 5).map(Number);
      const colour = extended(numbers);
      style = code === 38 ? withText(style, colour) : withBackground(style, colour);
      if (rest.length === 0) {
        at += numbers[0] === 2 ? 4 : numbers[0] === 5 ? 2 : 0;
      }
    } else {
      style = afterCode(style, code, rest[0]);
    }
  }
  return style;
}

/** The CSS classes of a style; `style/log.css` has them. */
export function classOf(style: Style): string {
  const names = ['jp-DataflowEnvs-ansi'];
  let text = style & COLOUR;
  let background = (style >> BACKGROUND) & COLOUR;
  if (style & INVERSE) {
    if (text === 0 && background === 0) {
      names.push('jp-mod-inverse');
    }
    [text, background] = [background, text];
  }
  // On a background of its own a text's colour could vanish.
  if (text > 0 && background === 0) {
    names.push(`jp-mod-text-${nameOf(text)}`);
  }
  if (background > 0) {
    names.push(`jp-mod-back-${nameOf(background)}`);
  }
  for (const [name, flag] of Object.entries(FLAGS)) {
    if (style & flag) {
      names.push(`jp-mod-${name}`);
    }
  }
  return names.join(' ');
}

function nameOf(colour: number): string {
  return colour > 8 ? `bright-${COLOURS[colour - 9]}` : COLOURS[colour - 1];
}

function afterCode(style: Style, code: number, detail: number | undefined): Style {
  switch (code) {
    case 0:
      return PLAIN;
    case 1:
      return style | FLAGS.bold;
    case 2:
      return style | FLAGS.dim;
    case 3:
      return style | FLAGS.italic;
    case 4:
      return detail === 0 ? style & ~FLAGS.underline : style | FLAGS.underline;
    case 21:
      return style | FLAGS.underline;
    case 7:
      return style | INVERSE;
    case 9:
      return style | FLAGS.strike;
    case 22:
      return style & ~(FLAGS.bold | FLAGS.dim);
    case 23:
      return style & ~FLAGS.italic;
    case 24:
      return style & ~FLAGS.underline;
    case 27:
      return style & ~INVERSE;
    case 29:
      return style & ~FLAGS.strike;
    case 39:
      return withText(style, 0);
    case 49:
      return withBackground(style, 0);
  }
  if (code >= 30 && code <= 37) {
    return withText(style, code - 29);
  }
  if (code >= 40 && code <= 47) {
    return withBackground(style, code - 39);
  }
  if (code >= 90 && code <= 97) {
    return withText(style, code - 81);
  }
  return code >= 100 && code <= 107 ? withBackground(style, code - 91) : style;
}

function withText(style: Style, colour: number): Style {
  return (style & ~COLOUR) | colour;
}

function withBackground(style: Style, colour: number): Style {
  return (style & ~(COLOUR << BACKGROUND)) | (colour << BACKGROUND);
}

/** @param numbers - what follows 38 or 48: 5 and one of 256 colours, or 2 and red, green, blue */
function extended(numbers: number[]): number {
  if (numbers[0] === 5) {
    const index = numbers[1];
    if (!(index >= 0 && index <= 255)) {
      return 0;
    }
    if (index < 16) {
      return index + 1;
    }
    if (index >= 232) {
      const grey = 8 + (index - 232) * 10;
      return nearest(grey, grey, grey);
    }
    const level = (step: number) => (step === 0 ? 0 : 55 + step * 40);
    const cube = index - 16;
    return nearest(level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6));
  }
  if (numbers[0] === 2) {
    // With colons there may be a colour space before red.
    const [red, green, blue] = numbers.slice(-3);
    return nearest(red, green, blue);
  }
  return 0;
}

/** By hue and lightness, as eyes do, not by distance: a pale red is red, not grey. */
function nearest(red: number, green: number, blue: number): number {
  const most = Math.max(red, green, blue);
  const least = Math.min(red, green, blue);
  if (!(most >= 0)) {
    return 0;
  }
  if (most - least < 40) {
    return most < 64 ? 1 : most < 144 ? 9 : most < 224 ? 8 : 16;
  }
  const middle = (most + least) / 2;
  const hue = (red > middle ? 1 : 0) | (green > middle ? 2 : 0) | (blue > middle ? 4 : 0);
  return hue + (most > 220 ? 9 : 1);
}
