/** Randomness, handed in. Cryptographically strong in every runner; seeded only in tests. */
export interface Random {
  bytes(length: number): Uint8Array;
}
