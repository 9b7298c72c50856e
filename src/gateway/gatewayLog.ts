/** Where the gateway says what an operator should know; never a secret, and of an order its ids alone. */
export interface GatewayLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
