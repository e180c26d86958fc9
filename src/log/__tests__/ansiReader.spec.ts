import { AnsiReader, type IEdit, type ISpan } from '../ansiReader';
import { classOf, styleAfter } from '../ansiStyle';

/** As a view applies the edits. */
function shown(edits: IEdit[]): { lines: string[]; spans: (readonly ISpan[])[] } {
  const lines = [''];
  const spans: (readonly ISpan[])[] = [[]];
  for (const edit of edits) {
    const last = lines.pop()!;
    spans.pop();
    edit.lines.forEach((line, n) => {
      lines.push(n === 0 ? last.slice(0, edit.keep) + line : line);
      spans.push(edit.spans[n]);
    });
  }
  return { lines, spans: spans.map(line => [...line]) };
}

function read(...chunks: string[]) {
  const reader = new AnsiReader();
  return shown([...chunks.map(chunk => reader.read(chunk)), reader.end()]);
}

function lines(text: string): string[] {
  return read(text).lines;
}

/** A sequence of numbers that is the same in every run. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return below => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const ESC = '\u001b';
const PIECES = [
  'linked pandas',
  ' 41/63 ',
  '\n',
  '\r\n',
  '\r',
  '\b\b',
  'é😀漢',
  '<img src=x onerror=alert(1)>',
  '\u202etxt\u202c',
  '\u0000\u0007',
  `${ESC}[31m`,
  `${ESC}[1;38;5;208m`,
  `${ESC}[48;2;10;200;30m`,
  `${ESC}[38:2::255:0:0m`,
  `${ESC}[0m`,
  `${ESC}[m`,
  `${ESC}[K`,
  `${ESC}[1K`,
  `${ESC}[2K`,
  `${ESC}[2J${ESC}[H`,
  `${ESC}[?25l`,
  `${ESC}]0;a title\u0007`,
  `${ESC}]8;;https://example.invalid/${ESC}\\link${ESC}]8;;${ESC}\\`,
  `${ESC}Pq#0${ESC}\\`,
  `${ESC}(B`,
  `${ESC}7`,
  `${ESC}]no end `,
  `${ESC}[31`,
  ESC
];

describe('AnsiReader', () => {
  it('reads plain text as it is', () => {
    expect(lines('one\ntwo\n\nfour')).toEqual(['one', 'two', '', 'four']);
    expect(lines('')).toEqual(['']);
  });

  it('overwrites a line that begins again', () => {
    expect(lines('10 %\r20 %\r100 %\ndone')).toEqual(['100 %', 'done']);
    expect(lines('a long line\rshort')).toEqual(['shortg line']);
    expect(lines(`a long line\r${ESC}[Kshort`)).toEqual(['short']);
    expect(lines(`a long line${ESC}[2K\rshort`)).toEqual(['short']);
    expect(lines('abc\b\bX')).toEqual(['aXc']);
    expect(lines('windows\r\nlines\r\n')).toEqual(['windows', 'lines', '']);
    expect(lines('😀😀\rx')).toEqual(['x 😀']);
    expect(lines('a😀\bx')).toEqual(['ax ']);
  });

  it('keeps what a chunk does not change', () => {
    const reader = new AnsiReader();
    reader.read('linked 1/3');
    expect(reader.read(' packages')).toMatchObject({ keep: 10, lines: [' packages'] });
    expect(reader.read('\rlinked 2/3')).toMatchObject({ keep: 0, lines: ['linked 2/3 packages'] });
    expect(reader.read('\nnext')).toMatchObject({ keep: 19, lines: ['', 'next'] });
  });

  it('gives colours, also over lines and chunks', () => {
    const { lines: text, spans } = read(`a ${ESC}[3`, `1mred\nstill${ESC}[0m not`);
    expect(text).toEqual(['a red', 'still not']);
    const red = styleAfter(0, '31');
    expect(spans).toEqual([[{ from: 2, to: 5, style: red }], [{ from: 0, to: 5, style: red }]]);
  });

  it('takes colours away with the text that had them', () => {
    const { lines: text, spans } = read(`${ESC}[32mgreen green${ESC}[m\rplain`);
    expect(text).toEqual(['plain green']);
    expect(spans).toEqual([[{ from: 5, to: 11, style: styleAfter(0, '32') }]]);
  });

  it('leaves out what only terminals understand', () => {
    expect(
      lines(`${ESC}]0;title\u0007a${ESC}[2J${ESC}[10;4H${ESC}[?1049hb${ESC}(Bc${ESC}=d`)
    ).toEqual(['abcd']);
    expect(lines(`${ESC}]8;;http://x${ESC}\\text${ESC}]8;;${ESC}\\`)).toEqual(['text']);
  });

  it('shows what only looks like a sequence, so that nothing can hide the log', () => {
    expect(lines(`${ESC}]0;no end\nmore`)).toEqual([`${ESC}]0;no end`, 'more']);
    expect(lines(`${ESC}]0;${'x'.repeat(10_000)}`)[0]).toHaveLength(10_004);
    expect(lines(`a${ESC}`)).toEqual([`a${ESC}`]);
    expect(lines(`${ESC}[31\nm`)).toEqual([`${ESC}[31`, 'm']);
  });

  it('comes to the same however the text is cut', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const next = random(seed);
      const text = Array.from({ length: 40 }, () => PIECES[next(PIECES.length)]).join('');
      const whole = read(text);
      const chunks = [];
      for (let at = 0; at < text.length;) {
        const length = 1 + next(next(2) === 0 ? 3 : 40);
        chunks.push(text.slice(at, at + length));
        at += length;
      }
      expect({ seed, ...read(...chunks) }).toEqual({ seed, ...whole });
      expect(read(...text.split(''))).toEqual(whole);
      for (const [n, spans] of whole.spans.entries()) {
        let end = 0;
        for (const { from, to } of spans) {
          expect(from).toBeGreaterThanOrEqual(end);
          expect(to).toBeGreaterThan(from);
          end = to;
        }
        expect(end).toBeLessThanOrEqual(whole.lines[n].length);
      }
    }
  });

  it('reads a log of 10 MB in no time', () => {
    const text =
      `${ESC}[32mlinked${ESC}[0m package-1.0-0 into the prefix, and so on and so on\n`.repeat(
        150_000
      );
    const began = performance.now();
    expect(read(text).lines).toHaveLength(150_001);
    expect(performance.now() - began).toBeLessThan(2000);
  });
});

describe('styles', () => {
  const names = (parameters: string) =>
    classOf(styleAfter(0, parameters)).replaceAll('jp-mod-', '').split(' ').slice(1);

  it.each([
    ['31', ['text-red']],
    ['91;44', ['back-blue']],
    ['1;2;3;4;9', ['bold', 'dim', 'italic', 'underline', 'strike']],
    ['1;22', []],
    ['31;0', []],
    ['31;', []],
    ['7', ['inverse']],
    ['7;31', ['back-red']],
    ['38;5;9', ['text-bright-red']],
    ['38;5;34;1', ['text-green', 'bold']],
    ['48;5;240', ['back-bright-black']],
    ['38;2;255;0;0', ['text-bright-red']],
    ['38:2::0:0:180', ['text-blue']],
    ['38;2;250;250;250;4', ['text-bright-white', 'underline']],
    ['38;5', []],
    ['4:0', []],
    ['4:3', ['underline']],
    ['999;31', ['text-red']]
  ])('%s', (parameters, expected) => {
    expect(names(parameters)).toEqual(expected);
  });
});
