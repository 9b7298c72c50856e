/** The routes by which intents come. Source: docs/http.md, "Intents". */
import type { Route } from '../http/route';
import { intentRoute } from './intentRoute';
import { intentsRoute } from './intentsRoute';
import type { IntakeRouteOptions } from './intakeRouteOptions';

export const intakeRoutes = (options: IntakeRouteOptions): readonly Route[] => [intentRoute(options), intentsRoute(options)];
