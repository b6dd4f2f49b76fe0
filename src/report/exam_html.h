/* SPDX-License-Identifier: MIT */
#ifndef REPORT_EXAM_HTML_H
#define REPORT_EXAM_HTML_H

#include <stdio.h>

#include "report/exam.h"

/* One self-contained page about n examinations. False: not everything could be written. */
SP_NODISCARD bool exam_html(FILE *, const struct exam *const *exams, size_t n);

#endif
