/**
 * The tests that take longest: what is attacked, deployed, broken, or changed under load. `npm test` leaves them out, so
 * that it takes minutes; `npm run test:all` and CI run them too.
 */
export const LONG_TESTS = [
  "test/attack/**/*.test.ts",
  "test/faults/**/*.test.ts",
  "test/release/**/*.test.ts",
  "test/hub/**/*.test.ts",
  "test/api/switching-models.test.ts",
  "test/api/model-change.test.ts",
  "test/files/many-changes.test.ts",
  "test/runtime/slow-owner.test.ts",
  "test/decoder/sound-after.test.ts",
];
