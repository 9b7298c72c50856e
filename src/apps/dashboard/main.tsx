/** The dashboard: what a browser runs (docs/dashboard.md). */
import { render } from 'preact';
import { session } from './state/app';
import { startClock } from './state/clock';
import { startNavigation } from './state/navigation';
import { startTheme } from './state/theme';
import { showHiddenCharacters } from './state/hiddenCharacters';
import 'uplot/dist/uPlot.min.css';
import './styles/main.css';
import { App } from './views/App';

showHiddenCharacters();
startTheme();
startClock();
startNavigation();
session.start();
const root = document.getElementById('root');
if (root !== null) render(<App />, root);
