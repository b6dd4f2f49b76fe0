/* SPDX-License-Identifier: MIT */
#include "report/wrap.h"

#include <string.h>

void
wrap(FILE *to, const char *text, int indent, int column)
{
	while (*text) {
		int len = (int)strcspn(text, " \n");

		if (column > indent && column + 1 + len > WRAP_WIDTH) {
			fprintf(to, "\n%*s", indent, "");
			column = indent;
		} else if (column > indent) {
			fputc(' ', to);
			column++;
		}
		fprintf(to, "%.*s", len, text);
		column += len;
		text += len;
		if (text[0] == '\n' && text[1] == '\n') {
			fprintf(to, "\n\n%*s", indent, "");
			column = indent;
		}
		text += strspn(text, " \n");
	}
	fputc('\n', to);
}
