import { Dialog } from '../components/Dialog';
import { setSingleKeys, singleKeys } from '../state/keys';
import { useValue } from '../state/useValue';

const KEYS: readonly (readonly [keys: readonly string[], does: string])[] = [
  [['1', '2', '3', '4'], 'Now, Blotter, Policy, Audit'],
  [['j', '↓'], 'next row'],
  [['k', '↑'], 'previous row'],
  [['Enter'], 'open the row'],
  [['Escape'], 'close what is open'],
  [['/'], 'search'],
  [['t'], 'light or dark'],
  [['?'], 'these keys'],
];

/** What the keyboard does. */
export const Help = ({ onClose }: { readonly onClose: () => void }) => {
  const on = useValue(singleKeys);
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl class="keys">
        {KEYS.map(([keys, does]) => (
          <div key={does}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <label class="check">
        <input type="checkbox" checked={on} onChange={(event) => setSingleKeys(event.currentTarget.checked)} />
        Letters and digits are shortcuts
      </label>
      <div class="actions">
        <button type="button" class="main" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  );
};
