// SPDX-License-Identifier: GPL-3.0-or-later
/* The libcurl of this machine: initialised once a process, and checked. */
#include <curl/curl.h>
#include <pthread.h>

#include "internal.h"

enum { CURL_SIGNS = 0x075700, CURL_SIGNS_ESCAPES = 0x080e00 };

static CURLcode started;

/* nothing but what libcurl always sets up: the transport is plain HTTP */
static void start_once(void)
{
	started = curl_global_init(CURL_GLOBAL_NOTHING);
}

enum virgo_code virgo_curl_start(int *old_curl, struct virgo_error *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	const curl_version_info_data *v;

	pthread_once(&once, start_once);
	if (started != CURLE_OK)
		return virgo_error_set(err, VIRGO_FAILED, "unable to start libcurl: %s",
				       curl_easy_strerror(started));
	v = curl_version_info(CURLVERSION_NOW);
	if (v->version_num < CURL_SIGNS) {
		virgo_error_set(err, VIRGO_FAILED, "libcurl %s is too old to sign",
				v->version);
		virgo_error_hint(err, "install libcurl 7.87.0 or later");
		return VIRGO_FAILED;
	}
	*old_curl = v->version_num < CURL_SIGNS_ESCAPES;
	return VIRGO_OK;
}
