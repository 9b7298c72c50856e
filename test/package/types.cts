/** The same from CommonJS. */
import library = require('policygate-capital');
import { decimal } from 'policygate-capital';

export const quantity: library.Decimal = decimal('10');
export const shown: string = library.formatDecimal(quantity);
// @ts-expect-error What is not exported is not there.
export const intake = library.Intake;
