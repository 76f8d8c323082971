/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words of a message, without what changes from line to line. No memory, no locale. */
#ifndef VIRGO_AN_WORD_H
#define VIRGO_AN_WORD_H

#include <stddef.h>
#include <stdint.h>

#define AN_WORD_BUCKETS	512	/* words are features by their hash: two may share one */
#define AN_WORD_MAX	24	/* bytes of a word that count */
#define AN_WORDS_MAX	32	/* different words of a message that count */
#define AN_TEXT_PLACES	16384	/* of words and pairs of them, where texts are compared */

/* What a word speaks of; bits. The list is the kernel's own vocabulary, learnt from no log. */
enum an_word_about {
	AN_ABOUT_FAULT = 1 << 0,	/* "error", "failed", "stuck" */
	AN_ABOUT_OOM = 1 << 1,
	AN_ABOUT_IO = 1 << 2,
	AN_ABOUT_NET = 1 << 3,
	AN_ABOUT_CPU = 1 << 4,
};

/* The kinds among them, in the order of the bits from AN_ABOUT_OOM on. */
#define AN_ABOUT_KINDS	4

/*
 * The message's template: a hash of its first five words behind @heading others, and of those, each cut where
 * numbers begin. The same on every machine; never 0.
 */
uint64_t an_word_template(const char *s, const char *end, unsigned int heading);

/*
 * The next run of letters that is a word: lower case in @word, at least two letters, none that
 * belong to a number ("0xbeef"). Returns its length, 0 at the end; *s moves behind it.
 */
size_t an_word_next(const char **s, const char *end, char word[AN_WORD_MAX]);

/* A word, short: what it is told apart by from here on. */
uint16_t an_word_hash(const char *word, size_t len);

/* Adds @hash to the @n different ones in @words, when it is a new one and there is room; returns how many. */
unsigned int an_word_add(uint16_t words[AN_WORDS_MAX], unsigned int n, uint16_t hash);

unsigned int an_word_bucket(uint16_t hash);	/* 0 .. AN_WORD_BUCKETS - 1 */

/* Of a word and of two that follow one another: 0 .. AN_TEXT_PLACES - 1 */
unsigned int an_word_place(uint16_t hash);
unsigned int an_word_pair_place(uint16_t first, uint16_t second);

unsigned int an_word_about(const char *word, size_t len);

#endif
