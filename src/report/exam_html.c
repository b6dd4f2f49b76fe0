/* SPDX-License-Identifier: MIT */
/*
 * The face for colleagues: one page that needs nothing else. The matrix of hosts and phases, and for each host its verdict,
 * the ladder of what was tried as a picture, and the same as a table, which is what screen readers and paper have.
 */
#include "report/exam_html.h"

#include <string.h>

#include "report/printable.h"

#define TEXT_SIZE 2048
#define ROW 26 /* pixels of a rung */
#define LEFT 150
#define RIGHT 610
#define TOP 40

static const char head[] =
	"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
	"'unsafe-inline'\">\n"
	"<title>Sallyport doctor</title>\n<style>\n"
	":root{color-scheme:light dark;--paper:#fff;--ink:#1b1f24;--soft:#57606a;--line:#d0d7de;"
	"--good:#1a7f37;--bad:#b3261e;--open:#8a5a00}\n"
	"@media(prefers-color-scheme:dark){:root{--paper:#0f1419;--ink:#e6edf3;--soft:#9da7b3;"
	"--line:#30363d;--good:#56d364;--bad:#ff8a80;--open:#e3b341}}\n"
	"@media "
	"print{:root{color-scheme:light;--paper:#fff;--ink:#000;--soft:#333}section{break-inside:"
	"avoid}}\n"
	"body{background:var(--paper);color:var(--ink);font:15px/1.5 "
	"system-ui,sans-serif;margin:2rem auto;"
	"max-width:64rem;padding:0 1rem}\n"
	"h1{font-size:1.5rem}h2{font-size:1.2rem;margin-top:2.5rem}table{border-collapse:collapse;"
	"width:100%}\n"
	"th,td{border-bottom:1px solid var(--line);padding:.3rem "
	".6rem;text-align:left;vertical-align:top}\n"
	"th{color:var(--soft);font-weight:600}dt{color:var(--soft)}dd{margin:0 0 .6rem}\n"
	"code{font-family:ui-monospace,monospace;overflow-wrap:anywhere}svg{max-width:100%;height:"
	"auto}\n"
	".good{color:var(--good)}.bad{color:var(--bad);font-weight:600}.note{color:var(--soft)}"
	".undecided{color:var(--open);font-weight:600}\n"
	"</style></head><body>\n<main>\n<h1>Sallyport doctor</h1>\n";

static void
escaped(FILE *to, const char *text)
{
	char clean[TEXT_SIZE];

	for (const char *p = printable(text, clean, sizeof(clean)); *p; p++) {
		switch (*p) {
		case '<': fputs("&lt;", to); break;
		case '>': fputs("&gt;", to); break;
		case '&': fputs("&amp;", to); break;
		case '"': fputs("&quot;", to); break;
		default: putc(*p, to);
		}
	}
}

static const char *
class_of(enum outcome outcome)
{
	return outcome == OUTCOME_GOOD        ? "good"
	       : outcome == OUTCOME_UNDECIDED ? "undecided"
					      : "bad";
}

/* How a phase went: its worst step; NULL when it was not reached. */
static const struct exam_step *
phase_worst(const struct exam *e, enum sp_phase phase)
{
	const struct exam_step *worst = NULL;

	for (size_t i = 0; i < e->n_steps; i++) {
		const struct exam_step *s = &e->steps[i];

		if (s->phase != phase)
			continue;
		if (!worst || s->mark == EXAM_BAD ||
			(worst->mark == EXAM_NOTE && s->mark == EXAM_GOOD))
			worst = s;
		if (worst->mark == EXAM_BAD)
			break;
	}
	return worst;
}

static void
matrix_row(FILE *to, const struct exam *e, size_t number)
{
	static const char *const words[] = {"&#10003; ok", "&#10007; fails", "&#8211;"};
	static const char *const classes[] = {"good", "bad", "note"};

	fprintf(to, "<tr><th scope=\"row\"><a href=\"#h%zu\">", number);
	escaped(to, e->host);
	fputs("</a></th>", to);
	for (int phase = SP_PHASE_NAME_RESOLUTION; phase <= SP_PHASE_COMMUNICATION; phase++) {
		const struct exam_step *s = phase_worst(e, (enum sp_phase)phase);

		fprintf(to, "<td class=\"%s\">%s</td>", s ? classes[s->mark] : "note",
			s ? words[s->mark] : "not reached");
	}
	fprintf(to, "<td class=\"%s\">%s</td></tr>\n", class_of(e->verdict.outcome),
		e->verdict.symptom ? e->verdict.symptom->id : outcome_name(e->verdict.outcome));
}

static void
matrix(FILE *to, const struct exam *const *exams, size_t n)
{
	fputs("<table><caption>Hosts and phases</caption><thead><tr><th scope=\"col\">host</th>",
		to);
	for (int phase = SP_PHASE_NAME_RESOLUTION; phase <= SP_PHASE_COMMUNICATION; phase++)
		fprintf(to, "<th scope=\"col\">%s</th>", sp_phase_name((enum sp_phase)phase));
	fputs("<th scope=\"col\">verdict</th></tr></thead><tbody>\n", to);
	for (size_t i = 0; i < n; i++)
		matrix_row(to, exams[i], i);
	fputs("</tbody></table>\n", to);
}

/* An arrow to the host for each step that asked it; a failing one ends in the middle with a cross. */
static void
rung(FILE *to, const struct exam_step *s, int y)
{
	bool is_bad = s->mark == EXAM_BAD;
	const char *colour = is_bad                 ? "var(--bad)"
			     : s->mark == EXAM_GOOD ? "var(--good)"
						    : "var(--soft)";
	int end = is_bad ? (LEFT + RIGHT) / 2 : RIGHT;

	fprintf(to,
		"<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"%s\" stroke-width=\"2\"%s/>"
		"<text x=\"%d\" y=\"%d\" fill=\"%s\">%s</text>"
		"<text x=\"%d\" y=\"%d\" fill=\"var(--ink)\" font-size=\"12\">",
		LEFT, y, end, y, colour, s->mark == EXAM_NOTE ? " stroke-dasharray=\"4 4\"" : "",
		end - 5, y + 5, colour, is_bad ? "&#10007;" : "&#9656;", LEFT + 8, y - 5);
	escaped(to, s->what);
	fputs("</text>\n", to);
}

static void
ladder(FILE *to, const struct exam *e)
{
	int height = TOP + ROW * (int)e->n_steps + 20, y = TOP;
	enum sp_phase phase = SP_PHASE_NONE;

	fprintf(to,
		"<svg role=\"img\" viewBox=\"0 0 760 %d\" width=\"760\" height=\"%d\" "
		"font-family=\"system-ui,sans-serif\" font-size=\"13\"><title>What was tried, from "
		"here to ",
		height, height);
	escaped(to, e->host);
	fprintf(to,
		"</title><desc>The table below says the same in words.</desc>\n"
		"<line x1=\"%d\" y1=\"20\" x2=\"%d\" y2=\"%d\" stroke=\"var(--line)\"/>"
		"<line x1=\"%d\" y1=\"20\" x2=\"%d\" y2=\"%d\" stroke=\"var(--line)\"/>"
		"<text x=\"%d\" y=\"14\" text-anchor=\"middle\" fill=\"var(--soft)\">here</text>"
		"<text x=\"%d\" y=\"14\" text-anchor=\"middle\" fill=\"var(--soft)\">",
		LEFT, LEFT, height, RIGHT, RIGHT, height, LEFT, RIGHT);
	escaped(to, e->host);
	fputs("</text>\n", to);
	for (size_t i = 0; i < e->n_steps; i++, y += ROW) {
		if (e->steps[i].phase != phase) {
			phase = e->steps[i].phase;
			fprintf(to, "<text x=\"4\" y=\"%d\" fill=\"var(--soft)\">%s</text>\n",
				y + 4, sp_phase_name(phase));
		}
		rung(to, &e->steps[i], y);
	}
	fputs("</svg>\n", to);
}

static void
steps(FILE *to, const struct exam *e)
{
	fputs("<table><caption>Step by step</caption><thead><tr><th scope=\"col\">phase</th>"
	      "<th scope=\"col\">tried</th><th scope=\"col\">came back</th></tr></thead><tbody>\n",
		to);
	for (size_t i = 0; i < e->n_steps; i++) {
		fprintf(to, "<tr><td>%s</td><td>", sp_phase_name(e->steps[i].phase));
		escaped(to, e->steps[i].what);
		fprintf(to, "</td><td class=\"%s\">", exam_mark_name(e->steps[i].mark));
		escaped(to, e->steps[i].came);
		fputs("</td></tr>\n", to);
	}
	fputs("</tbody></table>\n", to);
}

static void
item(FILE *to, const char *name, const char *text, bool is_code)
{
	if (!text || !*text)
		return;
	fprintf(to, "<dt>%s</dt><dd>%s", name, is_code ? "<code>" : "");
	escaped(to, text);
	fprintf(to, "%s</dd>\n", is_code ? "</code>" : "");
}

static void
host(FILE *to, const struct exam *e, size_t number)
{
	const struct exam_verdict *v = &e->verdict;

	fprintf(to, "<section id=\"h%zu\"><h2>", number);
	escaped(to, e->host);
	fprintf(to, "%s%s</h2>\n<p class=\"%s\">%s%s", *e->wanted ? ", " : "", e->wanted,
		class_of(v->outcome), v->symptom ? v->symptom->id : "", v->symptom ? " " : "");
	escaped(to, v->title);
	fputs("</p>\n<dl>\n", to);
	if (v->outcome != OUTCOME_GOOD) {
		item(to, "phase", sp_phase_name(v->phase), false);
		item(to, "proof", v->proof, false);
		item(to, "cause", v->cause, false);
		item(to, "fix", v->fix, false);
		item(to, "how sure", exam_certainty_name(v->certainty), false);
		item(to, "to be sure", v->surer, false);
		item(to, "display filter", v->symptom ? v->symptom->filter : NULL, true);
	}
	item(to, "next", v->next, true);
	fputs("</dl>\n", to);
	ladder(to, e);
	steps(to, e);
	fputs("</section>\n", to);
}

bool
exam_html(FILE *to, const struct exam *const *exams, size_t n)
{
	fputs(head, to);
	matrix(to, exams, n);
	for (size_t i = 0; i < n; i++)
		host(to, exams[i], i);
	fputs("</main></body></html>\n", to);
	return fflush(to) == 0 && !ferror(to);
}
