import { fireEvent, render, screen } from '@testing-library/react';
import * as React from 'react';

import { PythonInput } from '../pythonInput';

jest.mock('../../workbench', () => ({
  useWorkbench: () => ({ trans: { __: (text: string) => text } })
}));

describe('PythonInput', () => {
  const shown = (value: string) => (
    <PythonInput
      attributes={{ id: 'python' } as never}
      value={value}
      suggestions={['3.12', '3.11']}
      inputRef={null}
      onChange={() => undefined}
      onLeave={() => undefined}
    />
  );
  const input = () => screen.getByRole<HTMLInputElement>('combobox');
  const selected = () => [input().selectionStart, input().selectionEnd];

  it('has a suggestion that comes late replaced by what is typed', () => {
    const { rerender } = render(shown(''));
    input().focus();
    rerender(shown('3.12'));
    expect(selected()).toEqual([0, 4]);
  });

  it('leaves what is being typed alone', () => {
    const { rerender } = render(shown(''));
    input().focus();
    fireEvent.change(input(), { target: { value: '3.1' } });
    rerender(shown('3.1'));
    expect(selected()).toEqual([3, 3]);
  });
});
