// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Gives each file named to the fuzzer's entry once, so that the corpora are tests for any compiler. Must never pass a
 * file by: what cannot be read is a failure.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = NULL;
	size_t n = 0;
	long size;

	if (!f || fseek(f, 0, SEEK_END) || (size = ftell(f)) < 0 || fseek(f, 0, SEEK_SET)) {
		perror(path);
		return 1;
	}
	/* a copy of its exact size: one byte too far is the sanitizer's */
	data = malloc(size ? size : 1);
	if (data)
		n = fread(data, 1, size, f);
	fclose(f);
	if (!data || n != (size_t)size) {
		fprintf(stderr, "%s: cannot be read\n", path);
		free(data);
		return 1;
	}
	LLVMFuzzerTestOneInput(data, n);
	free(data);
	return 0;
}

int main(int argc, char **argv)
{
	int i, ret = 0;

	for (i = 1; i < argc; i++)
		ret |= replay(argv[i]);
	return ret || argc < 2;
}
