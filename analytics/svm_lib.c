// SPDX-License-Identifier: GPL-3.0-or-later
/* Opens libsvm; nothing else may know that it is not simply linked. */
#include <dlfcn.h>
#include <string.h>

#include "reader.h"
#include "svm_lib.h"

#define SVM_SONAME	"libsvm.so.3"

static void quiet(const char *text)
{
	(void)text;
}

int an_svm_open(struct an_svm_lib *lib, struct an_error *err)
{
	struct {
		const char *name;
		void *fn;	/* where the function's address goes */
	} want[] = {
		{ "svm_train", &lib->train },
		{ "svm_check_parameter", &lib->check },
		{ "svm_predict_values", &lib->values },
		{ "svm_save_model", &lib->save },
		{ "svm_free_and_destroy_model", &lib->free_model },
		{ "svm_set_print_string_function", &lib->set_print },
	};
	size_t i;

	lib->handle = dlopen(SVM_SONAME, RTLD_NOW | RTLD_LOCAL);
	if (!lib->handle)
		return an_fail(err, AN_NOMEM, "cannot load " SVM_SONAME
			       ": training needs it, install the package libsvm3");
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		void *sym = dlsym(lib->handle, want[i].name);

		if (!sym) {
			an_svm_close(lib);
			return an_fail(err, AN_NOMEM, SVM_SONAME " has no %s: it is not the libsvm "
				       "this program was built for", want[i].name);
		}
		memcpy(want[i].fn, &sym, sizeof(sym));
	}
	lib->set_print(quiet);
	return AN_OK;
}

void an_svm_close(struct an_svm_lib *lib)
{
	if (lib->handle)
		dlclose(lib->handle);
	lib->handle = NULL;
}
