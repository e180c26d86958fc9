import { Follow } from '../follow';

const VIEW = 400;

describe('Follow', () => {
  const at = (top: number, total: number) => ({ top, height: VIEW, total });

  it('stays at the end while the text grows', () => {
    const follow = new Follow(true);
    follow.scrolled(at(600, 1000));
    follow.scrolled(at(1600, 2000));
    expect(follow.active).toBe(true);
  });

  it('stops when scrolled up, and begins again at the end', () => {
    const follow = new Follow(true);
    follow.scrolled(at(600, 1000));
    follow.scrolled(at(500, 1000));
    expect(follow.active).toBe(false);
    follow.scrolled(at(550, 3000));
    expect(follow.active).toBe(false);
    follow.scrolled(at(2600, 3000));
    expect(follow.active).toBe(true);
  });

  it('does not take it for scrolling when lines turn out lower than thought', () => {
    const follow = new Follow(true);
    follow.scrolled(at(1600, 2000));
    follow.scrolled(at(1500, 1950));
    expect(follow.active).toBe(true);
  });

  it('does not take it for scrolling when there is more text than the view has moved to', () => {
    const follow = new Follow(true);
    follow.scrolled(at(600, 1000));
    follow.scrolled(at(600, 1500));
    expect(follow.active).toBe(true);
  });

  it('does not begin by itself when the person does not want that', () => {
    const follow = new Follow(false);
    follow.scrolled(at(600, 1000));
    expect(follow.active).toBe(false);
    follow.set(true);
    expect(follow.active).toBe(true);
    follow.set(false);
    follow.scrolled(at(600, 1000));
    expect(follow.active).toBe(false);
  });

  it('pauses for what is jumped to', () => {
    const follow = new Follow(true);
    follow.scrolled(at(500, 900));
    follow.pause();
    expect(follow.active).toBe(false);
    // The last move to the end is heard of when it is over.
    follow.scrolled(at(600, 1000));
    expect(follow.active).toBe(false);
    follow.scrolled(at(100, 1000));
    follow.arrived();
    expect(follow.active).toBe(false);
    follow.scrolled(at(600, 1000));
    expect(follow.active).toBe(true);
  });
});
