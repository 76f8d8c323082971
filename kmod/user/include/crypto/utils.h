/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shim: comparing secrets, under the name newer kernels know. */
#ifndef SHIM_CRYPTO_UTILS_H
#define SHIM_CRYPTO_UTILS_H

#include <crypto/algapi.h>

#endif /* SHIM_CRYPTO_UTILS_H */
