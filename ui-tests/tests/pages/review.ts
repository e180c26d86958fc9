import type { Locator } from '@playwright/test';

/** What a decision is made on, wherever it is shown, and the decision. */
export class ReviewPage {
  constructor(within: Locator) {
    this.decision = within.getByRole('region', { name: 'Decision' });
  }

  readonly decision: Locator;

  button(name: 'Approve' | 'Reject'): Locator {
    return this.decision.getByRole('button', { name, exact: true });
  }

  get comment(): Locator {
    return this.decision.getByRole('textbox', { name: 'Comment' });
  }

  async decide(name: 'Approve' | 'Reject', comment = ''): Promise<void> {
    if (comment) {
      await this.comment.fill(comment);
    }
    await this.button(name).click();
  }
}
