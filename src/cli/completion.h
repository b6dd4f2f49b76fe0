/* SPDX-License-Identifier: MIT */
/* Completion for shells, made from the tables of commands and options. */
#ifndef CLI_COMPLETION_H
#define CLI_COMPLETION_H

#include <stdio.h>

void completion_bash(FILE *);
void completion_zsh(FILE *);
void completion_fish(FILE *);

#endif
