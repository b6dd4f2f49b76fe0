/* SPDX-License-Identifier: MIT */
/* For the files of report/ only: a record as a line of JSON. */
#ifndef REPORT_RECORD_H
#define REPORT_RECORD_H

#include <jansson.h>

#include "report/report.h"

/* Takes the object over; NULL: no memory, which is said. */
void record_write(struct report *, json_t *take_object);

#endif
