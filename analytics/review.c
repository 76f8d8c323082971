// SPDX-License-Identifier: GPL-3.0-or-later
/* A report as text, JSON and page; must never leave half a page behind. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "atomic.h"
#include "findings.h"
#include "model.h"
#include "review.h"

static int in_memory(char **text, size_t *len, struct an_error *err,
		     const struct an_review *review, bool html)
{
	FILE *f = open_memstream(text, len);
	bool ok;

	if (!f)
		return an_fail(err, AN_NOMEM, "out of memory");
	if (html)
		an_review_html(review, f);
	else
		an_review_text(review, f);
	ok = !ferror(f);
	if (fclose(f) || !ok) {
		free(*text);
		*text = NULL;
		return an_fail(err, AN_NOMEM, "out of memory");
	}
	return AN_OK;
}

static int write_page(const struct an_review *review, struct an_error *err)
{
	struct an_new_file file = { .temp = "" };
	char *text = NULL;
	size_t len;
	int ret = in_memory(&text, &len, err, review, true);

	if (!ret)
		ret = an_file_prepare(&file, review->opt->html, text, len, 0644, err);
	if (!ret)
		ret = an_file_commit(&file, 0, err);
	if (ret)
		an_file_abort(&file);
	free(text);
	return ret;
}

static int make_json(const struct an_review *review, char **json, struct an_error *err)
{
	size_t len;
	FILE *f = open_memstream(json, &len);
	bool ok;

	if (!f)
		return an_fail(err, AN_NOMEM, "out of memory");
	ok = an_review_json(review, f) && !ferror(f);
	if (!fclose(f) && ok)
		return AN_OK;
	free(*json);
	*json = NULL;
	return an_fail(err, AN_NOMEM, "out of memory");
}

static int make(struct an_review *review, struct an_report *report, struct an_error *err)
{
	const struct an_report_options *o = review->opt;
	size_t len;
	int ret = an_model_describe(o->model_dir, &review->manifest, &review->findings, err);

	if (!ret && !an_findings_take(review->findings, &review->trained))
		ret = an_fail(err, AN_NOMEM, "out of memory");
	if (!ret && o->nlogs)
		ret = an_see(review, err);
	if (!ret)
		ret = in_memory(&report->text, &len, err, review, false);
	if (!ret)
		ret = make_json(review, &report->json, err);
	if (!ret && o->html)
		ret = write_page(review, err);
	return ret;
}

int an_report(const struct an_report_options *options, struct an_report *report,
	      struct an_error *err)
{
	struct an_report_options opt = *options;
	struct an_review review = { .opt = &opt };
	int ret;

	memset(report, 0, sizeof(*report));
	memset(err, 0, sizeof(*err));
	if (opt.nlabels && !opt.nlogs)
		return an_fail(err, AN_USAGE, "labels without a log: name the log that they are of");
	review.now = opt.now ? opt.now : time(NULL);
	ret = make(&review, report, err);
	an_train_report_free(&review.trained);
	an_seen_free(review.seen);
	cJSON_Delete(review.manifest);
	cJSON_Delete(review.findings);
	if (ret)
		an_report_free(report);
	return ret;
}

void an_report_free(struct an_report *report)
{
	free(report->text);
	free(report->json);
	memset(report, 0, sizeof(*report));
}
