/* SPDX-License-Identifier: MIT */
#include "drawing.h"

#include <stdbool.h>
#include <string.h>

_Static_assert(SERVER_STATE_COUNT == DRAWING_STATES && CLIENT_STATE_COUNT == DRAWING_STATES,
	"as many columns as states");

static const char *const titles[] = {"A server's side", "A client's side"};
static const char *const owners_words[] = {"answered", "a call"};

/* --- the page --- */

static void
table(FILE *f, enum assoc_side side)
{
	fprintf(f, "\n## %s\n\n| PDU |", titles[side]);
	for (unsigned s = 0; s < DRAWING_STATES; s++)
		fprintf(f, " %s |", states_name(side, s));
	fprintf(f, "\n|---|");
	for (unsigned s = 0; s < DRAWING_STATES; s++)
		fprintf(f, "---|");
	for (unsigned p = 0; p < PTYPE_COUNT; p++) {
		fprintf(f, "\n| %s |", ptype_name(p));
		for (unsigned s = 0; s < DRAWING_STATES; s++)
			fprintf(f, " %s |", states_answer_name(states_answer(side, s, p)));
	}
	fprintf(f, "\n");
}

void
drawing_markdown(FILE *f)
{
	fprintf(f,
		"# What is done with each PDU in each state\n\n"
		"Made from `src/assoc/states.h` by `ninja -C build states`; `tests/states` walks "
		"every cell, and fails when\nthis page or the picture say something else.\n\n"
		"![The states and what leads from one to another](states.svg)\n");
	table(f, SIDE_SERVER);
	table(f, SIDE_CLIENT);
}

/* --- the picture: for each side the states with their moves, below them the table --- */

enum { LEFT = 150, COLUMN = 196, ROW = 20, ARCS = 118, BOX = 30, BELOW = 46, GAP = 36, TOP = 96 };

#define WIDTH (LEFT + DRAWING_STATES * COLUMN + 14)
#define SIDE_HEIGHT (GAP + ARCS + BOX + BELOW + (int)PTYPE_COUNT * ROW + 16)

static const struct {
	const char *class, *meaning;
} kinds[] = {
	{"take", "taken"},
	{"hold", "held until a call has ended"},
	{"fault", "fault, then the end"},
	{"nak", "bind_nak, then the end"},
	{"close", "the end, without a word"},
	{"ignore", "not even read"},
};

static const char *
kind_of(enum assoc_answer answer)
{
	switch (answer) {
	case ANSWER_hold: return "hold";
	case ANSWER_refuse_fault: return "fault";
	case ANSWER_refuse_nak: return "nak";
	case ANSWER_refuse_close: return "close";
	case ANSWER_ignore: return "ignore";
	default: return "take";
	}
}

static int
middle_of(unsigned state)
{
	return LEFT + (int)state * COLUMN + COLUMN / 2;
}

static void
head(FILE *f, int height)
{
	fprintf(f,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\" "
		"aria-label=\"What is done with each PDU in each state\">\n"
		"<!-- Made from src/assoc/states.h by `ninja -C build states`. -->\n"
		"<style>\n"
		"svg { --paper: #ffffff; --ink: #1f2328; --faint: #59636e; --line: #d1d9e0; "
		"--take: #b4e6c1; --hold: #fff0a8; --fault: #ffcfa8; --nak: #f7c3e4; "
		"--close: #eaeef2; --ignore: #ffffff; }\n"
		"@media (prefers-color-scheme: dark) { svg { --paper: #0d1117; --ink: #e6edf3; "
		"--faint: #9198a1; --line: #3d444d; --take: #14532d; --hold: #574a00; "
		"--fault: #6b3410; --nak: #5f2349; --close: #212830; --ignore: #0d1117; } }\n"
		"text { font: 11px ui-monospace, Menlo, Consolas, monospace; fill: var(--ink); }\n"
		".title { font-size: 18px; font-weight: bold; }\n"
		".state { font-size: 12px; font-weight: bold; text-anchor: middle; }\n"
		".move { text-anchor: middle; }\n"
		".owner { font-style: italic; fill: var(--faint); }\n"
		".name { text-anchor: end; }\n"
		".cell { text-anchor: middle; }\n"
		".t-close, .t-ignore { fill: var(--faint); }\n"
		"rect { stroke: var(--line); }\n"
		".paper { fill: var(--paper); stroke: none; }\n"
		".box { fill: var(--paper); stroke: var(--ink); stroke-width: 1.5; }\n"
		"path { fill: none; stroke: var(--faint); stroke-width: 1.5; }\n"
		"#tip path { fill: var(--faint); stroke: none; }\n",
		WIDTH, height);
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		fprintf(f, ".%s { fill: var(--%s); }\n", kinds[i].class, kinds[i].class);
	fprintf(f, "</style>\n"
		   "<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" "
		   "markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\">"
		   "<path d=\"M0 0 8 4 0 8z\"/></marker></defs>\n"
		   "<rect class=\"paper\" width=\"100%%\" height=\"100%%\"/>\n");
}

static void
legend(FILE *f)
{
	fprintf(f, "<text class=\"title\" x=\"14\" y=\"28\">What is done with each PDU in each "
		   "state</text>\n");
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		int x = 14 + (int)(i % 3) * 250, y = 44 + (int)(i / 3) * 24;

		fprintf(f,
			"<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"26\" height=\"16\"/>"
			"<text x=\"%d\" y=\"%d\">%s</text>\n",
			kinds[i].class, x, y, x + 34, y + 12, kinds[i].meaning);
	}
	fprintf(f,
		"<text class=\"owner\" x=\"%d\" y=\"56\">slanted: what the owner does</text>\n"
		"<text class=\"owner\" x=\"%d\" y=\"80\">the arrows to CLOSED are left "
		"out</text>\n",
		14 + 3 * 250, 14 + 3 * 250);
}

/* What leads from one state to another, as one line; empty: nothing does. */
static void
reasons(const struct drawing_moves *moves, enum assoc_side side, unsigned from, unsigned to,
	char *ret, size_t size)
{
	size_t len = 0;

	*ret = 0;
	for (unsigned p = 0; p <= DRAWING_OWNER; p++) {
		bool owner = p == DRAWING_OWNER;

		if (!(moves->seen[side][from][p] & 1u << to))
			continue;
		len += (size_t)snprintf(ret + len, size - len, "%s%s%s%s", len ? ", " : "",
			owner ? "<tspan class=\"owner\">" : "",
			owner ? owners_words[side] : ptype_name(p), owner ? "</tspan>" : "");
		if (len >= size)
			return;
	}
}

/* Forwards above the boxes, back below them; the further, the higher. */
static void
arrow(FILE *f, unsigned from, unsigned to, int boxes, const char *words)
{
	bool back = to < from;
	int side = to == from + 1 || from == to + 1 ? 34 : 12,
	    far = back ? (int)(from - to) : (int)(to - from),
	    bow = back ? 16 + 14 * far : 10 + 44 * far,
	    x1 = middle_of(from) + (back ? -side : side),
	    x2 = middle_of(to) + (back ? side : -side), y = back ? boxes + BOX : boxes,
	    tip = back ? y + bow : y - bow;

	fprintf(f,
		"<path d=\"M%d %dC%d %d %d %d %d %d\" marker-end=\"url(#tip)\"/>"
		"<text class=\"move\" x=\"%d\" y=\"%d\">%s</text>\n",
		x1, y, x1, tip, x2, tip, x2, y, (x1 + x2) / 2,
		back ? y + bow * 3 / 4 + 12 : y - bow * 3 / 4 - 5, words);
}

static void
states_row(FILE *f, const struct drawing_moves *moves, enum assoc_side side, int y)
{
	char words[300];

	for (unsigned from = 0; from < DRAWING_STATES - 1; from++)
		for (unsigned to = 0; to < DRAWING_STATES - 1; to++) {
			reasons(moves, side, from, to, words, sizeof words);
			if (from != to && *words)
				arrow(f, from, to, y, words);
		}
	for (unsigned s = 0; s < DRAWING_STATES; s++)
		fprintf(f,
			"<rect class=\"box\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" "
			"rx=\"7\"/>"
			"<text class=\"state\" x=\"%d\" y=\"%d\">%s</text>\n",
			middle_of(s) - 84, y, 168, BOX, middle_of(s), y + 19, states_name(side, s));
}

static void
cells(FILE *f, enum assoc_side side, int y)
{
	for (unsigned p = 0; p < PTYPE_COUNT; p++, y += ROW) {
		fprintf(f, "<text class=\"name\" x=\"%d\" y=\"%d\">%s</text>\n", LEFT - 8, y + 14,
			ptype_name(p));
		for (unsigned s = 0; s < DRAWING_STATES; s++) {
			enum assoc_answer answer = states_answer(side, s, p);

			fprintf(f,
				"<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>"
				"<text class=\"cell t-%s\" x=\"%d\" y=\"%d\">%s</text>\n",
				kind_of(answer), LEFT + (int)s * COLUMN, y, COLUMN, ROW,
				kind_of(answer), middle_of(s), y + 14, states_answer_name(answer));
		}
	}
}

void
drawing_svg(FILE *f, const struct drawing_moves *moves)
{
	head(f, TOP + 2 * SIDE_HEIGHT);
	legend(f);
	for (int side = SIDE_SERVER; side <= SIDE_CLIENT; side++) {
		int y = TOP + side * SIDE_HEIGHT;

		fprintf(f, "<text class=\"title\" x=\"14\" y=\"%d\">%s</text>\n", y + 18,
			titles[side]);
		y += GAP + ARCS;
		states_row(f, moves, side, y);
		cells(f, side, y + BOX + BELOW);
	}
	fprintf(f, "</svg>\n");
}
