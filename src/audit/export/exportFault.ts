/** A file that is no export, or no longer the one that was written. The message is one line that says where in the file and what was expected. */
export class ExportFault extends Error {
  override readonly name = 'ExportFault';
}
