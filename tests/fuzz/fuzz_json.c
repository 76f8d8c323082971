// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The JSON reader on any bytes. What it accepts must hang together, fit the promised number of
 * tokens, and survive being written and read again.
 */
#include <stdlib.h>

#include <linux/slab.h>

#include "core/buf.c"
#include "core/utf8.c"
#include "core/json_read.c"
#include "core/json_write.c"

#define MUST(cond) do { if (!(cond)) abort(); } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_scalar(const struct vg_json *doc, const struct vg_jtok *t)
{
	char *out;
	ssize_t n;
	bool b;
	u64 u;
	s64 s;

	if (!vg_json_u64(doc, t, &u) && u <= S64_MAX)
		MUST(!vg_json_s64(doc, t, &s) && s == (s64)u);
	vg_json_id(doc, t, &u);
	MUST(!vg_json_bool(doc, t, &b) == (t->type == VG_JSON_TRUE || t->type == VG_JSON_FALSE));
	if (t->type != VG_JSON_STRING)
		return;
	out = malloc(t->len + 1);
	n = vg_json_str(doc, t, out, t->len);
	MUST(n >= 0 && n <= t->len && vg_utf8_valid(out, n));
	MUST(vg_json_str_eq(doc, t, vg_str(out, n)));
	out[n] = 'x';
	MUST(!vg_json_str_eq(doc, t, vg_str(out, n + 1)));
	free(out);
}

/* Write the document again, token by token; @ends holds where the open containers end */
static void rewrite(const struct vg_json *doc, struct vg_buf *b)
{
	u32 ends[VG_JSON_DEPTH], depth = 0, i, types[VG_JSON_DEPTH];
	struct vg_jw w;

	vg_jw_init(&w, b);
	for (i = 0; i < doc->used || depth; i++) {
		const struct vg_jtok *t = &doc->toks[i];

		while (depth && i == ends[depth - 1])
			types[--depth] == VG_JSON_OBJECT ? vg_jw_obj_end(&w) : vg_jw_arr_end(&w);
		if (i == doc->used)
			break;
		MUST(t->next > i && t->next <= doc->used);
		MUST(t->start <= doc->n && t->len <= doc->n - t->start);
		check_scalar(doc, t);
		if (t->type == VG_JSON_ARRAY || t->type == VG_JSON_OBJECT) {
			MUST(depth < VG_JSON_DEPTH);
			types[depth] = t->type;
			ends[depth++] = t->next;
			t->type == VG_JSON_OBJECT ? vg_jw_obj(&w) : vg_jw_arr(&w);
		} else if (t->type == VG_JSON_STRING) {
			size_t from = b->len;

			/*
			 * keys may hold NUL bytes, which vg_jw_key cannot, so the raw text is
			 * used
			 */
			if (t->key) {
				char *key = malloc(t->len + 1);

				memcpy(key, doc->text + t->start, t->len);
				key[t->len] = '\0';
				vg_jw_key(&w, key);
				MUST(b->len > from);
				free(key);
			} else {
				char *out = malloc(t->len + 1);
				ssize_t n = vg_json_str(doc, t, out, t->len);

				vg_jw_str(&w, vg_str(out, n));
				free(out);
			}
		} else {
			vg_jw_raw(&w, vg_json_raw(doc, t));
		}
	}
	MUST(!vg_jw_end(&w));
}

static void walk(const struct vg_json *doc)
{
	u32 i;

	for (i = 0; i < doc->used; i++) {
		const struct vg_jtok *t = &doc->toks[i], *child;
		u32 n = 0;

		vg_json_for_each(doc, t, child) {
			n++;
			MUST(child->key == (t->type == VG_JSON_OBJECT));
			MUST(!child->key || vg_json_value(child) < doc->toks + t->next);
		}
		MUST(t->type < VG_JSON_ARRAY || n == t->count);
		vg_json_get(doc, t, "a");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u32 max = size / 2 + 1;
	struct vg_jtok *toks = malloc(max * sizeof(*toks)), *again;
	struct vg_json doc, doc2;
	struct vg_buf b;
	int ret;

	ret = vg_json_parse(&doc, (const char *)data, size, toks, max);
	if (ret) {
		MUST(doc.fault.why && doc.fault.pos <= size);
		/* more tokens would not have helped: max was enough for anything valid */
		free(toks);
		toks = malloc((size + 1) * sizeof(*toks));
		MUST(vg_json_parse(&doc, (const char *)data, size, toks, size + 1));
		free(toks);
		return 0;
	}
	walk(&doc);
	vg_buf_init(&b, NULL, 0, 64 * size + 64);
	rewrite(&doc, &b);
	again = malloc(doc.used * sizeof(*again));
	/* only a key may have grown, by its escapes, over what is allowed */
	MUST(!vg_json_parse(&doc2, b.p, b.len, again, doc.used) ||
	     strstr(doc2.fault.why, "key longer"));
	free(again);
	vg_buf_free(&b);
	free(toks);
	return 0;
}
