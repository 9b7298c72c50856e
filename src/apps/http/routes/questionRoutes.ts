/** The routes that ask and steer: runs, decisions, journal, kill switch, policies, events. Source: docs/http.md. */
import type { Route } from '../route';
import { decisionRoutes } from './decisionRoutes';
import { evaluateRoute } from './evaluateRoute';
import { eventRoute } from './eventRoute';
import { journalRoutes } from './journalRoutes';
import { killSwitchRoutes } from './killSwitchRoutes';
import { policyRoutes } from './policyRoutes';
import type { QuestionOptions } from './questionOptions';
import { runRoutes } from './runRoutes';

export const questionRoutes = (options: QuestionOptions): readonly Route[] => [
  evaluateRoute(options),
  ...decisionRoutes(options),
  ...runRoutes(options),
  ...journalRoutes(options),
  ...killSwitchRoutes(options),
  ...policyRoutes(options),
  eventRoute(options),
];
