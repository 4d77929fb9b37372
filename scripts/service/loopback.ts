/** Names and addresses that no other machine reaches. */
export const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|::1)$/;
