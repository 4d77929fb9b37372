/** Now, in seconds since 1970, as the API tells times. */
export function unixSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
