/* SPDX-License-Identifier: MIT */
/* What compile.py makes of data/, for the files of catalog/ only. */
#ifndef CATALOG_TABLE_H
#define CATALOG_TABLE_H

#include "catalog/interfaces.h"
#include "catalog/services.h"
#include "catalog/symptoms.h"

extern const struct catalog_interface catalog_interfaces[]; /* ascending by uuid_compare() */
extern const size_t catalog_n_interfaces;
extern const struct catalog_status catalog_statuses[]; /* by vocabulary */
extern const size_t catalog_n_statuses;
extern const struct catalog_service catalog_services[];
extern const size_t catalog_n_services;
extern const struct catalog_symptom catalog_symptoms[];
extern const size_t catalog_n_symptoms;
extern const struct catalog_fact catalog_facts[]; /* by enum fact */
extern const size_t catalog_n_facts;

#endif
