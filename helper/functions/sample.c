// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The sample library of functions, for use and as an example: virgo exec --function sample:upper.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <virgo/function.h>

/* Standard input, in upper case, on standard output. Letters are those of ASCII. */
static long upper(int argc, const char *const *argv)
{
	char text[65536];
	size_t n, i;

	while ((n = fread(text, 1, sizeof(text), stdin))) {
		for (i = 0; i < n; i++)
			if (text[i] >= 'a' && text[i] <= 'z')
				text[i] -= 'a' - 'A';
		if (fwrite(text, 1, n, stdout) != n)
			return -1;
	}
	return ferror(stdin) ? -1 : 0;
}

/* The sum of its arguments is what it returns. */
static long sum(int argc, const char *const *argv)
{
	long total = 0, n;
	char *end;
	int i;

	for (i = 1; i < argc; i++) {
		errno = 0;
		n = strtol(argv[i], &end, 10);
		if (end == argv[i] || *end || errno || __builtin_add_overflow(total, n, &total)) {
			fprintf(stderr, "sum: not a number, or one too large: %s\n", argv[i]);
			exit(2);
		}
	}
	printf("%ld\n", total);
	return total;
}

/* Lines, words and bytes of standard input; the number of words is what it returns. */
static long count(int argc, const char *const *argv)
{
	unsigned long lines = 0, words = 0, bytes = 0;
	int c, in_word = 0;

	while ((c = getchar()) != EOF) {
		bytes++;
		lines += c == '\n';
		if (isspace(c)) {
			in_word = 0;
		} else if (!in_word) {
			in_word = 1;
			words++;
		}
	}
	printf("%lu %lu %lu\n", lines, words, bytes);
	return words > LONG_MAX ? LONG_MAX : (long)words;
}

/* How many primes there are up to its argument: work for a processor. */
static long primes(int argc, const char *const *argv)
{
	long n, i, k, found = 0;
	char *composite;

	n = argc > 1 ? strtol(argv[1], NULL, 10) : 1000000;
	if (n < 0 || n > 1000000000) {
		fputs("primes: from 0 to 1000000000\n", stderr);
		exit(2);
	}
	composite = calloc(1, n + 1);
	if (!composite) {
		fputs("primes: no memory\n", stderr);
		exit(1);
	}
	for (i = 2; i <= n; i++) {
		if (composite[i])
			continue;
		found++;
		for (k = i * i; k <= n; k += i)
			composite[k] = 1;
	}
	free(composite);
	printf("%ld\n", found);
	return found;
}

VIRGO_FUNCTIONS(
	{ "upper", upper, "standard input in upper case" },
	{ "sum", sum, "the sum of the arguments, printed and returned" },
	{ "count", count, "lines, words and bytes of standard input; returns the words" },
	{ "primes", primes, "how many primes there are up to the argument" },
);
