import { readFileSync } from 'node:fs';
import * as path from 'node:path';

import type { Manager } from '../../api/schemas';
import { pairProblems, parseRequirements } from '../requirement';

interface IErrorCase {
  line: number | null;
  text: string | null;
  message: string;
}

interface ICases {
  lists: {
    about: string;
    managers: Manager[];
    extended: boolean;
    lines: string[];
    accepted: string[];
    errors: IErrorCase[];
  }[];
  pairs: {
    about: string;
    extended: boolean;
    conda: string[];
    pip: string[];
    errors: (IErrorCase & { field: string })[];
  }[];
}

// The table that the server's grammar is held to as well.
const cases = JSON.parse(
  readFileSync(path.resolve(__dirname, '../../../tests/domain/requirement_cases.json'), 'utf8')
) as ICases;

const named = <C extends { about: string }>(all: C[]) =>
  all.map((one, index) => [`${index} ${one.about}`, one] as const);

describe('the grammar of requirements', () => {
  it.each(named(cases.lists))('%s', (_, { managers, extended, lines, accepted, errors }) => {
    for (const manager of managers) {
      const field = `${manager}_requirements`;
      const { found, problems } = parseRequirements(lines, manager, extended);
      expect(found.map(({ text }) => text)).toEqual(accepted);
      expect(problems).toEqual(errors.map(error => ({ field, ...error })));
    }
  });

  it.each(named(cases.pairs))('%s', (_, { conda, pip, extended, errors }) => {
    expect(pairProblems(conda, pip, extended)).toEqual(errors);
  });
});
