// SPDX-License-Identifier: GPL-3.0-or-later
/* Words and templates of messages; must never read past the end, nor depend on a locale. */
#include <stdbool.h>
#include <string.h>

#include "word.h"

#define TEMPLATE_WORDS	5

enum { BLANK = 1, DIGIT = 2, HEX = 4, LETTER = 8, JOIN = 16 };

/* What a byte is; bytes over 127 are letters of some language. */
static unsigned char class_of(unsigned char c)
{
	if (c == ' ' || c == '\t')
		return BLANK;
	if (c >= '0' && c <= '9')
		return DIGIT | HEX;
	if ((c | 32) >= 'a' && (c | 32) <= 'f')
		return LETTER | HEX;
	if (((c | 32) >= 'g' && (c | 32) <= 'z') || c >= 128)
		return LETTER;
	return c == '_' || c == '-' || c == '/' ? JOIN : 0;
}

/* The part of it that templates are made of, for every byte of a log. */
static const unsigned char in_word[256] = {
	[' '] = BLANK, ['\t'] = BLANK, ['0' ... '9'] = DIGIT, ['a' ... 'f'] = HEX, ['A' ... 'F'] = HEX,
};

static unsigned char lower(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

static uint64_t mix(uint64_t h, unsigned char c)
{
	return (h ^ c) * 0x100000001b3ull;
}

/* FNV leaves its last bytes in the low bits; this spreads them. */
static uint64_t finish(uint64_t h)
{
	h ^= h >> 32;
	h *= 0xff51afd7ed558ccdull;
	return h ^ h >> 29;
}

/*
 * Hashes one word. Of a word with a digit only what stands before the first one counts, without the
 * hex digits just before it: "veth3fa2" and "vetha1b2" are both "veth#".
 */
static uint64_t hash_word(uint64_t h, const char **p, const char *end)
{
	uint64_t before_hex = h;
	const char *s = *p;
	unsigned char end_mark = ' ';

	for (; s < end && !(in_word[(unsigned char)*s] & BLANK); s++) {
		unsigned char class = in_word[(unsigned char)*s];

		if (class & DIGIT) {
			h = before_hex;
			end_mark = '#';
			break;
		}
		h = mix(h, lower((unsigned char)*s));
		if (!(class & HEX))
			before_hex = h;
	}
	while (s < end && !(in_word[(unsigned char)*s] & BLANK))
		s++;
	*p = s;
	return mix(h, end_mark);
}

uint64_t an_word_template(const char *s, const char *end, unsigned int heading)
{
	uint64_t h = 0xcbf29ce484222325ull;
	unsigned int n = 0;

	while (n < heading + TEMPLATE_WORDS) {
		while (s < end && (*s == ' ' || *s == '\t'))
			s++;
		if (s == end)
			break;
		h = hash_word(h, &s, end);
		n++;
	}
	h = finish(h);
	return h ? h : 1;
}

size_t an_word_next(const char **p, const char *end, char word[AN_WORD_MAX])
{
	const char *s = *p;

	while (s < end) {
		const char *from;
		size_t n = 0;
		bool after;

		while (s < end && !(class_of((unsigned char)*s) & (LETTER | DIGIT)))
			s++;
		from = s;
		while (s < end && class_of((unsigned char)*s) & (LETTER | JOIN))
			s++;
		after = s < end && class_of((unsigned char)*s) & DIGIT;
		/* "ext4" and "nvme0n1" have a word before the number, "b3" and "0xbeef" none. */
		if (s - from >= 2 + after) {
			for (; from < s && n < AN_WORD_MAX; from++)
				word[n++] = (char)lower((unsigned char)*from);
			while (n && class_of((unsigned char)word[n - 1]) == JOIN)
				n--;
		}
		if (after)	/* the rest of what holds the number */
			while (s < end && class_of((unsigned char)*s) & (LETTER | DIGIT | JOIN))
				s++;
		if (n >= 2) {
			*p = s;
			return n;
		}
	}
	*p = end;
	return 0;
}

uint16_t an_word_hash(const char *word, size_t len)
{
	uint64_t h = 0xcbf29ce484222325ull;
	size_t i;

	for (i = 0; i < len; i++)
		h = mix(h, (unsigned char)word[i]);
	return (uint16_t)finish(h);
}

unsigned int an_word_add(uint16_t words[AN_WORDS_MAX], unsigned int n, uint16_t hash)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (words[i] == hash)
			return n;
	if (n < AN_WORDS_MAX)
		words[n++] = hash;
	return n;
}

unsigned int an_word_bucket(uint16_t hash)
{
	return hash & (AN_WORD_BUCKETS - 1);
}

unsigned int an_word_place(uint16_t hash)
{
	return hash & (AN_TEXT_PLACES - 1);
}

unsigned int an_word_pair_place(uint16_t first, uint16_t second)
{
	uint64_t h = 0xcbf29ce484222325ull;

	h = mix(mix(h, (unsigned char)first), (unsigned char)(first >> 8));
	h = mix(mix(h, (unsigned char)second), (unsigned char)(second >> 8));
	return (unsigned int)(finish(h) & (AN_TEXT_PLACES - 1));
}

/* One string a meaning; words between blanks. */
static const struct {
	const char *words;
	unsigned int about;
} known[] = {
	{ " error errors fail failed failure fault faults faulty bug panic oops killed killer fatal "
	  "timeout timed hung hang lockup stall stalls stuck corrupt corrupted corruption abort "
	  "aborted aborting dropping dropped overflow exception critical unable dead lost segfault "
	  "blocked throttled uncorrected unrecoverable invalid trace tainted emergency offline "
	  "degraded broken bad unexpected unexpectedly unresponsive violation exhausted denied "
	  "detected null dereference interrupt parity machine failing ", AN_ABOUT_FAULT },
	{ " oom oom-killer oom_reaper oom-kill out-of-memory oom_score_adj mem-info "
	  "anon-rss total-vm pgtables alloc allocation ", AN_ABOUT_OOM },
	{ " i/o ata ncq nvme ext xfs btrfs journal sector sectors buffer block blk_update_request scsi "
	  "sd sda sdb sdc sense medium filesystem read-only superblock raid inode disk storage lba "
	  "dev zfs fpdma squashfs quota writeback nfs ", AN_ABOUT_IO },
	{ " netdev transmit nf_conntrack conntrack arp_cache neighbour neighbor net_ratelimit nic eth "
	  "packet packets carrier bond adapter tcp udp flooding socket dropping route torus tree "
	  "network ", AN_ABOUT_NET },
	{ " lockup cpu cpus rcu rcu_preempt stalls mce machine check temperature throttled nmi edac "
	  "core clock tsc apic thermal soft hard watchdog dimm bank jiffies cache parity ddr ",
	  AN_ABOUT_CPU },
};

unsigned int an_word_about(const char *word, size_t len)
{
	char text[AN_WORD_MAX + 3];
	unsigned int about = 0;
	size_t i;

	text[0] = ' ';
	memcpy(text + 1, word, len);
	text[len + 1] = ' ';
	text[len + 2] = 0;
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strstr(known[i].words, text))
			about |= known[i].about;
	return about;
}
