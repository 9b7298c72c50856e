/** The dashboard's files, as they were built: nobody is asked for a token, since they hold nothing but the program that asks for one. */
import helmet from '@fastify/helmet';
import files from '@fastify/static';
import type { FastifyInstance } from 'fastify';

/** The name says what is in it, so it never changes. */
const HASHED = /[.-][A-Za-z0-9_]{8,}\.(?:js|css|woff2|svg|png|map)$/;
const FOREVER = 'public, max-age=31536000, immutable';

/** A route for each file that is there now; `tls`: the connection is ours to promise for. */
export const dashboardFiles = async (app: FastifyInstance, directory: string, tls: boolean): Promise<void> => {
  await app.register(async (scope) => {
    await scope.register(helmet, {
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          defaultSrc: ["'none'"],
          scriptSrc: ["'self'"],
          styleSrc: ["'self'"],
          connectSrc: ["'self'"],
          imgSrc: ["'self'", 'data:'],
          workerSrc: ["'self'"],
          baseUri: ["'none'"],
          frameAncestors: ["'none'"],
          formAction: ["'none'"],
        },
      },
      strictTransportSecurity: tls ? { maxAge: 31_536_000 } : false,
      xFrameOptions: { action: 'deny' },
    });
    await scope.register(files, {
      root: directory,
      wildcard: false,
      cacheControl: false,
      dotfiles: 'ignore',
      setHeaders: (reply, path) => {
        reply.setHeader('cache-control', HASHED.test(path) ? FOREVER : 'no-cache');
      },
    });
  });
};
