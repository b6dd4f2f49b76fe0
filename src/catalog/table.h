/* SPDX-License-Identifier: MIT */
/* What catalog-compile makes of data/, for the files of catalog/ only. */
#ifndef CATALOG_TABLE_H
#define CATALOG_TABLE_H

#include "catalog/interfaces.h"

extern const struct catalog_interface catalog_interfaces[]; /* ascending by uuid_compare() */
extern const size_t catalog_n_interfaces;

#endif
