import { EventLines } from './eventLines';

describe('server-sent events', () => {
  const text = ': hello\n\nevent: decision\nid: 12\ndata: {"a":\ndata: 1}\n\nevent: nothing\n\ndata:2\r\n\r\n';

  it('are read whole, however the stream is cut', () => {
    const expected = [
      { event: 'decision', data: '{"a":\n1}', id: '12' },
      { event: 'message', data: '2', id: '12' },
    ];
    for (let size = 1; size <= text.length; size += 1) {
      const lines = new EventLines();
      const events = [];
      for (let at = 0; at < text.length; at += size) events.push(...lines.take(text.slice(at, at + size)));
      expect(events).toEqual(expected);
    }
  });

  it('hold back what has not ended', () => {
    const lines = new EventLines();
    expect(lines.take('data: 1\n')).toEqual([]);
    expect(lines.take('\n')).toHaveLength(1);
  });
});
