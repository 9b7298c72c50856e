/** Texts that somebody is writing, kept while the page is open: to look at another view loses nothing. */
export const drafts = new Map<string, string>();
