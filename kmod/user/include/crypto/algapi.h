/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shim: comparing secrets. */
#ifndef SHIM_CRYPTO_ALGAPI_H
#define SHIM_CRYPTO_ALGAPI_H

#include <linux/types.h>

/* 0 when equal. The time depends on size only. */
unsigned long crypto_memneq(const void *a, const void *b, size_t size);

#endif /* SHIM_CRYPTO_ALGAPI_H */
