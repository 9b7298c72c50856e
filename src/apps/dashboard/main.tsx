/** The dashboard: what a browser runs (docs/dashboard.md). */
import { render } from 'preact';
import { session } from './state/app';
import { startNavigation } from './state/navigation';
import { startTheme } from './state/theme';
import 'uplot/dist/uPlot.min.css';
import './styles/main.css';
import { App } from './views/App';

startTheme();
startNavigation();
session.start();
const root = document.getElementById('root');
if (root !== null) render(<App />, root);
