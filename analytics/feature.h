/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The numbers a model sees of a source. Change one and AN_FEATURE_VERSION must change. */
#ifndef VIRGO_AN_FEATURES_H
#define VIRGO_AN_FEATURES_H

#include "stat.h"

#define AN_NFEATURES	23

/* Short names in the order of the vector, for the manifest and the report. */
extern const char *const an_feature_names[AN_NFEATURES];

/* Features of a source with at least AN_EARLY + 1 packets; all finite. */
void an_features(const struct an_stat *st, double f[AN_NFEATURES]);

#endif
