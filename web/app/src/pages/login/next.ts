// Where one goes on after a login, or after a password that had to be changed.

/** Only addresses of this page may follow. */
export function safe(next: string | null): string {
  return next && /^\/(?!\/)[^\\\p{Cc}]*$/u.test(next) ? next : "/"; // browsers read a backslash as a slash, and leave out tabs and line ends
}
