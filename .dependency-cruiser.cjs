/** The arrows of the folder tree: imports point up the list contracts, domain, (processor, gateway, audit), bus, apps. */
const only = (from, to) => ({
  name: `${from}-imports`,
  severity: 'error',
  comment: `src/${from} may import from ours only: ${to.map((name) => `src/${name}`).join(', ') || 'nothing'}`,
  from: { path: `^src/${from}/`, pathNot: '\\.spec\\.ts$' },
  to: { path: '^src/', pathNot: [from, ...to].map((name) => `^src/${name}/`) },
});

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    only('contracts', []),
    only('domain', ['contracts']),
    only('processor', ['contracts', 'domain']),
    only('gateway', ['contracts', 'domain', 'processor']),
    only('audit', ['contracts', 'domain', 'processor']),
    only('bus', ['contracts', 'processor']),
    {
      name: 'dashboard-stands-alone',
      severity: 'error',
      comment:
        'It runs in browsers and knows the HTTP API alone; nothing of the program is bundled with it, and the program does not import it.',
      from: { path: '^src/apps/dashboard/' },
      to: { path: '^src/', pathNot: '^src/apps/dashboard/' },
    },
    {
      name: 'dashboard-is-not-imported',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/apps/dashboard/' },
      to: { path: '^src/apps/dashboard/' },
    },
    {
      name: 'brokers-do-not-know-the-bus',
      severity: 'error',
      from: { path: '^src/gateway/brokers/' },
      to: { path: '^src/(processor|bus|apps)/' },
    },
    {
      name: 'domain-is-pure',
      severity: 'error',
      from: { path: '^src/domain/', pathNot: '\\.spec\\.ts$' },
      to: { dependencyTypes: ['core', 'npm', 'npm-dev'] },
    },
  ],
  options: { tsConfig: { fileName: 'tsconfig.json' }, doNotFollow: { path: 'node_modules|^test/' }, tsPreCompilationDeps: true },
};
