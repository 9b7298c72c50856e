/** GET /runs, /runs/{run}, /runs/{run}/portfolio, /accounts. */
import { accountsDocument } from '../documents/accountsDocument';
import { portfolioDocument } from '../documents/portfolioDocument';
import { byRunId, runDocument } from '../documents/runDocument';
import type { Route } from '../route';
import type { QuestionOptions } from './questionOptions';
import { currentRun, json, jsonAnswer, mustBeCurrent, READERS, RUN } from './routeParts';

export const runRoutes = ({ live, defaultRun, now = Date.now }: QuestionOptions): readonly Route[] => [
  {
    method: 'GET',
    path: '/runs',
    operationId: 'listRuns',
    summary: 'All runs, the ended ones too',
    tag: 'runs',
    roles: READERS,
    parameters: [],
    answers: { 200: jsonAnswer('Runs', 'By run id') },
    problems: ['not_ready'],
    handle: () => {
      mustBeCurrent(live);
      return json({
        runs: live
          .runs()
          .toSorted(byRunId)
          .map((run) => runDocument(run, defaultRun())),
      });
    },
  },
  {
    method: 'GET',
    path: '/runs/{run}',
    operationId: 'getRun',
    summary: 'One run',
    tag: 'runs',
    roles: READERS,
    parameters: [RUN],
    answers: { 200: jsonAnswer('Run', 'The run') },
    problems: ['run_not_found', 'not_ready'],
    handle: ({ params: { run = '' } }) => json(runDocument(currentRun(live, run), defaultRun())),
  },
  {
    method: 'GET',
    path: '/runs/{run}/portfolio',
    operationId: 'getPortfolio',
    summary: 'What a run holds and has working, and what is left of each limit',
    tag: 'runs',
    roles: READERS,
    parameters: [RUN],
    answers: { 200: jsonAnswer('Portfolio', 'In total, by symbol and by strategy') },
    problems: ['run_not_found', 'not_ready'],
    handle: ({ params: { run = '' } }) => json(portfolioDocument(currentRun(live, run), now())),
  },
  {
    method: 'GET',
    path: '/accounts',
    operationId: 'listAccounts',
    summary: 'Active runs added up by account, and all together',
    tag: 'runs',
    roles: READERS,
    parameters: [],
    answers: { 200: jsonAnswer('Accounts', 'By account id') },
    problems: ['not_ready'],
    handle: () => {
      mustBeCurrent(live);
      return json(accountsDocument(live.runs()));
    },
  },
];
