/* SPDX-License-Identifier: MIT */
#ifndef REPORT_EXAM_PROM_H
#define REPORT_EXAM_PROM_H

#include <stdio.h>

#include "report/exam_figures.h"

/*
 * n examinations in Prometheus' text format, version 0.0.4. Sorts the list by host and interface; of those that are the same
 * one is written, since a series may be there once only. False: not everything could be written.
 */
SP_NODISCARD bool exam_prom(FILE *, const struct exam_figures **list, size_t n);

#endif
