/** Light or dark: as the system has it, until somebody chooses. The page's styles know `data-theme` alone. */
import { Value } from './value';

const KEPT = 'policygate.theme';
export type Theme = 'light' | 'dark';

const system = matchMedia('(prefers-color-scheme: dark)');
const chosen = (): Theme | undefined => {
  const kept = localStorage.getItem(KEPT);
  return kept === 'light' || kept === 'dark' ? kept : undefined;
};
const now = (): Theme => chosen() ?? (system.matches ? 'dark' : 'light');

export const theme = new Value<Theme>(now());

const show = (): void => {
  document.documentElement.dataset.theme = now();
  theme.set(now());
};

export const startTheme = (): void => {
  show();
  system.addEventListener('change', show);
};

/** What the system has is not kept: the page follows it again. */
export const switchTheme = (): void => {
  const other = now() === 'dark' ? 'light' : 'dark';
  if (other === (system.matches ? 'dark' : 'light')) localStorage.removeItem(KEPT);
  else localStorage.setItem(KEPT, other);
  show();
};
