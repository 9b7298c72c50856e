/** Stylesheets are bundled, and have nothing to say to TypeScript. */
declare module '*.css';
