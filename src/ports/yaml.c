/* SPDX-License-Identifier: MIT */
/*
 * Our own form of the policy: a mapping of ports, ports_internet_available, use_internet_ports, bind and fixed. Read as
 * a tree of nodes because each of them knows its line and column, and because everything wrong shall be found at once.
 */
#include "ports/config.h"

#include <string.h>

#include <yaml.h>

#define YAML_MAX (2u << 20) /* 65536 entries on their own lines need less */

struct reader {
	struct ports_config *config;
	yaml_document_t *document;
};

static struct ports_place
place_of(const yaml_mark_t *mark)
{
	return (struct ports_place){(unsigned)mark->line + 1, (unsigned)mark->column + 1};
}

static struct ports_place
node_place(const yaml_node_t *node)
{
	return place_of(&node->start_mark);
}

static const char *
scalar(const yaml_node_t *node)
{
	return (const char *)node->data.scalar.value;
}

static void
wrong_type(struct reader *r, const yaml_node_t *node, enum ports_value value, const char *needs)
{
	r->config->mentioned[value] = true;
	ports_find(&r->config->findings, PORTS_FAULT_WRONG_TYPE, node_place(node),
		node->type == YAML_SCALAR_NODE ? scalar(node) : NULL, "%s is not %s",
		ports_value_name(PORTS_YAML, value), needs);
}

/* A NUL in a quoted scalar would cut it: what is behind it shall not be overlooked. */
static bool
is_text(const yaml_node_t *node)
{
	return node->type == YAML_SCALAR_NODE && strlen(scalar(node)) == node->data.scalar.length;
}

static bool
list_read(
	struct reader *r, const yaml_node_t *node, enum ports_value value, struct ports_list *list)
{
	if (node->type != YAML_SEQUENCE_NODE) {
		wrong_type(r, node, value, "a list");
		ports_find_remedy(&r->config->findings, "write %s: [%s]",
			ports_value_name(PORTS_YAML, value),
			value == PORTS_VALUE_BIND ? "eth0, eth1" : "5000-5100, 5984");
		return true;
	}
	list->is_present = true;
	list->place = node_place(node);
	for (yaml_node_item_t *i = node->data.sequence.items.start;
		i < node->data.sequence.items.top; i++) {
		const yaml_node_t *item = yaml_document_get_node(r->document, *i);

		if (!is_text(item))
			wrong_type(r, item, value, "a list of plain words");
		else if (!ports_list_append(r->config, list, scalar(item), item->data.scalar.length,
				 node_place(item)))
			return false;
	}
	return true;
}

static bool
text_read(
	struct reader *r, const yaml_node_t *node, enum ports_value value, struct ports_text *text)
{
	if (is_text(node))
		return ports_text_set(
			r->config, text, scalar(node), node->data.scalar.length, node_place(node));
	wrong_type(r, node, value, "Y or N");
	return true;
}

static bool
has_fixed(const struct ports_config *c, const char *interface)
{
	for (size_t i = 0; i < c->n_fixed; i++)
		if (!strcasecmp(c->fixed[i].interface.text, interface))
			return true;
	return false;
}

static bool
fixed_read(struct reader *r, const yaml_node_t *node)
{
	struct ports_config *c = r->config;

	if (node->type != YAML_MAPPING_NODE) {
		wrong_type(r, node, PORTS_VALUE_FIXED, "a mapping of interfaces to ports");
		return true;
	}
	for (yaml_node_pair_t *p = node->data.mapping.pairs.start; p < node->data.mapping.pairs.top;
		p++) {
		const yaml_node_t *key = yaml_document_get_node(r->document, p->key);
		const yaml_node_t *port = yaml_document_get_node(r->document, p->value);

		if (!is_text(key) || !is_text(port))
			wrong_type(r, is_text(key) ? port : key, PORTS_VALUE_FIXED,
				"a mapping of interfaces to ports");
		else if (has_fixed(c, scalar(key)))
			ports_find(&c->findings, PORTS_FAULT_TWICE, node_place(key), scalar(key),
				"fixed has an interface twice");
		else if (!ports_fixed_set(c, scalar(key), key->data.scalar.length, node_place(key),
				 scalar(port), port->data.scalar.length, node_place(port)))
			return false;
	}
	return true;
}

static bool
value_read(struct reader *r, enum ports_value value, const yaml_node_t *node)
{
	struct ports_config *c = r->config;

	switch (value) {
	case PORTS_VALUE_PORTS: return list_read(r, node, value, &c->ports);
	case PORTS_VALUE_BIND: return list_read(r, node, value, &c->bind);
	case PORTS_VALUE_INTERNET_AVAILABLE:
		return text_read(r, node, value, &c->internet_available);
	case PORTS_VALUE_USE_INTERNET: return text_read(r, node, value, &c->use_internet);
	case PORTS_VALUE_FIXED: return fixed_read(r, node);
	case PORTS_N_VALUES: break;
	}
	return true;
}

static bool
pair_read(struct reader *r, const yaml_node_t *key, const yaml_node_t *node, bool *seen)
{
	struct ports_findings *f = &r->config->findings;
	const char *name = is_text(key) ? scalar(key) : NULL;
	int value = 0;

	while (value < PORTS_N_VALUES &&
		(!name || strcmp(name, ports_value_name(PORTS_YAML, (enum ports_value)value))))
		value++;
	if (value == PORTS_N_VALUES) {
		ports_find(f, PORTS_FAULT_UNKNOWN_VALUE, node_place(key), name,
			"there is no such value: it is one of ports, ports_internet_available, "
			"use_internet_ports, bind and fixed");
		return true;
	}
	if (seen[value])
		ports_find(
			f, PORTS_FAULT_TWICE, node_place(key), name, "this value is there twice");
	seen[value] = true;
	return value_read(r, (enum ports_value)value, node);
}

static void
document_read(struct reader *r)
{
	const yaml_node_t *root = yaml_document_get_root_node(r->document);
	bool seen[PORTS_N_VALUES] = {false}, go_on = true;

	if (!root || root->type != YAML_MAPPING_NODE) {
		if (root && !(root->type == YAML_SCALAR_NODE && !*scalar(root)))
			ports_find(&r->config->findings, PORTS_FAULT_SYNTAX, node_place(root), NULL,
				"it is not a mapping of values, such as ports: [5000-5100]");
		return; /* that it says nothing is found when it is judged */
	}
	for (yaml_node_pair_t *p = root->data.mapping.pairs.start;
		go_on && p < root->data.mapping.pairs.top; p++)
		go_on = pair_read(r, yaml_document_get_node(r->document, p->key),
			yaml_document_get_node(r->document, p->value), seen);
}

static void
complain(struct ports_config *c, const yaml_parser_t *parser)
{
	struct ports_place place = {0};

	if (parser->error != YAML_READER_ERROR)
		place = place_of(&parser->problem_mark);
	ports_find(&c->findings, PORTS_FAULT_SYNTAX, place, NULL, "it is not YAML: %s%s%s",
		parser->context ? parser->context : "", parser->context ? ", " : "",
		parser->problem ? parser->problem : "no memory");
}

static bool
next_load(yaml_parser_t *parser, struct reader *r, yaml_document_t *document)
{
	if (yaml_parser_load(parser, document)) {
		r->document = document;
		return true;
	}
	complain(r->config, parser);
	return false;
}

static void
second_refuse(struct reader *r)
{
	const yaml_node_t *root = yaml_document_get_root_node(r->document);

	if (root)
		ports_find(&r->config->findings, PORTS_FAULT_SYNTAX, node_place(root), NULL,
			"a second YAML document begins here");
}

void
ports_yaml_parse(struct ports_config *c, const char *bytes, size_t len)
{
	struct reader r = {.config = c};
	yaml_document_t document;
	yaml_parser_t parser;

	c->form = PORTS_YAML;
	if (len > YAML_MAX) {
		ports_find(&c->findings, PORTS_FAULT_TOO_LONG, (struct ports_place){0}, NULL,
			"it has more than %u MiB", YAML_MAX >> 20);
		return;
	}
	if (!yaml_parser_initialize(&parser)) {
		ports_find(&c->findings, PORTS_FAULT_UNREADABLE, (struct ports_place){0}, NULL,
			"there is not enough memory to read it");
		return;
	}
	yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, len);
	if (next_load(&parser, &r, &document)) {
		bool is_whole = yaml_document_get_root_node(&document) != NULL;

		document_read(&r);
		yaml_document_delete(&document);
		if (is_whole && next_load(&parser, &r, &document)) {
			second_refuse(&r);
			yaml_document_delete(&document);
		}
	}
	yaml_parser_delete(&parser);
}
