import { useEffect, useState } from 'preact/hooks';
import type { Value } from './value';

/** The value as it is now; the component is drawn again when it changes. */
export const useValue = <T>(value: Value<T>): T => {
  const [, draw] = useState(0);
  useEffect(() => {
    const again = (): void => draw((count) => count + 1);
    again(); // it may have changed between drawing and listening
    return value.listen(again);
  }, [value]);
  return value.current;
};
