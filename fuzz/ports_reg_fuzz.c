/* SPDX-License-Identifier: MIT */
/* A port policy in a registry editor's export. */
#include "ports_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	ports_check_text(ports_reg_parse, bytes, len);
	return 0;
}
